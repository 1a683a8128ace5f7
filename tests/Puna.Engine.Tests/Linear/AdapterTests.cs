using Puna.Engine.Execution;
using Puna.Engine.Linear;
using Puna.Engine.Tests.Files;
using Puna.Engine.Tests.Model;
using Puna.Kernels.Activations;
using Puna.Kernels.Memory;
using Puna.Testing;

namespace Puna.Engine.Tests.Linear;

/// <summary>Adapters act on every linear map behind its product, for the rows that ask for them.</summary>
public sealed class AdapterTests : IDisposable
{
    private const string Queries = "model.layers.1.self_attn.q_proj";

    private static readonly int[] s_ids = [.. Enumerable.Range(1, 21)];

    private readonly RandomModel _model = new();

    public static TheoryData<string> Modules =>
        new(
            Queries,
            "model.layers.1.self_attn.k_proj",
            "model.layers.2.self_attn.v_proj",
            "model.layers.0.self_attn.o_proj",
            "model.layers.3.mlp.gate_proj",
            "model.layers.3.mlp.up_proj",
            "model.layers.2.mlp.down_proj"
        );

    public void Dispose() => _model.Dispose();

    // The base with the adapter's product added to its weights is the same model.
    [Theory]
    [MemberData(nameof(Modules))]
    public void An_adapted_map_equals_the_merged_one(string module)
    {
        using var model = new ModelHarness(_model.Path);
        var adapter = new LowRankAdapter(model.Model.Weights.Linear(module), 3, 5);
        using var set = Set(model, module, adapter);
        using var merged = Merged(module, adapter);
        Same(merged.Logits(s_ids), Logits(model, set));
        Assert.NotEqual(model.Logits(s_ids)[^1], Logits(model, set)[^1]);
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void An_adapter_may_take_the_place_of_the_base(string module)
    {
        using var model = new ModelHarness(_model.Path);
        var adapter = new LowRankAdapter(
            model.Model.Weights.Linear(module),
            4,
            6,
            isReplacement: true
        );
        using var set = Set(model, module, adapter);
        using var merged = Merged(module, adapter);
        Same(merged.Logits(s_ids), Logits(model, set));
    }

    // The head shares its matrix with the embedding, which is not adapted with it.
    [Fact]
    public void The_head_is_adapted_for_the_rows_that_ask_in_any_order()
    {
        using var model = new ModelHarness(_model.Path);
        var head = model.Model.Weights.Head;
        var adapter = new LowRankAdapter(head, 2, 3);
        using var set = new AdapterSet(
            "head",
            new Dictionary<LinearLayer, LinearAdapter> { [head] = adapter }
        );
        using var plain = model.Cache.CreateSequence();
        using var adapted = model.Cache.CreateSequence();
        model.Forward.Run(
            [.. s_ids, .. s_ids],
            [new Segment(plain, 21), new Segment(adapted, 21, Adapters: set)]
        );
        int[] rows = [41, 3, 24, 20];
        using var logits = new NativeBuffer<float>((long)rows.Length * model.Vocabulary);
        using var hidden = new NativeBuffer<float>((long)rows.Length * head.Weight.Columns);
        model.Forward.Logits(rows, logits.Span);
        model.Forward.Hidden(rows, hidden.Span);
        var expected = model.Logits(s_ids);
        var product = adapter.Product();
        for (var index = 0; index < rows.Length; index++)
        {
            var row = (float[])expected[rows[index] % 21].Clone();
            for (var id = 0; rows[index] >= 21 && id < row.Length; id++)
            {
                var sum = 0.0;
                for (var column = 0; column < adapter.Columns; column++)
                {
                    sum +=
                        product[id * adapter.Columns + column]
                        * hidden.Span[index * adapter.Columns + column];
                }

                row[id] = (float)(row[id] + sum);
            }

            var actual = logits.Span.Slice((long)index * row.Length, row.Length).Span;
            Assert.True(ModelHarness.RelativeError(actual, row) <= Tolerance.Logits);
        }
    }

    // Several sets, and none, in one batch: each sequence gets what it gets alone, bit for bit.
    [Theory]
    [InlineData(ActivationFormat.F32)]
    [InlineData(ActivationFormat.Int8)]
    public void A_batch_of_different_adapters_equals_the_runs_alone(ActivationFormat activations)
    {
        using var model = new ModelHarness(_model.Path, activations);
        var weights = model.Model.Weights;
        using var first = Set(model, Queries, new LowRankAdapter(weights.Linear(Queries), 2, 1));
        var norm = weights.Vector("model.layers.2.input_layernorm");
        using var second = new AdapterSet(
            "second",
            new Dictionary<LinearLayer, LinearAdapter>
            {
                [weights.Head] = new LowRankAdapter(weights.Head, 2, 2),
            },
            new Dictionary<NativeBuffer<float>, NativeBuffer<float>>
            {
                [weights.FinalNorm] = Scaled(weights.FinalNorm, 1.5f),
                [norm] = Scaled(norm, 0.5f),
            }
        );
        AdapterSet?[] sets = [null, first, first, second, null, second];
        var alone = sets.Select(set => Logits(model, set)).ToArray();
        var sequences = sets.Select(_ => model.Cache.CreateSequence()).ToArray();
        model.Forward.Run(
            [.. sets.SelectMany(_ => s_ids)],
            [.. sets.Select((set, index) => new Segment(sequences[index], 21, Adapters: set))]
        );
        var together = model.TailLogits(sets.Length * 21);
        for (var index = 0; index < sets.Length; index++)
        {
            Assert.Equal(alone[index], together[(index * 21)..((index + 1) * 21)]);
        }

        Assert.NotEqual(alone[0][^1], alone[1][^1]);
        Assert.NotEqual(alone[0][^1], alone[3][^1]);
        Array.ForEach(sequences, sequence => sequence.Dispose());
    }

    // A layer that reads another's keys and values is adapted as any other.
    [Fact]
    public void A_reader_of_a_shared_bank_takes_an_adapter_on_its_queries()
    {
        const string Module = "model.layers.3.self_attn.q_proj";
        int[] producers = [0, 1, 1, 1, 1];
        using var model = new ModelHarness(_model.Path, producers: producers);
        var adapter = new LowRankAdapter(model.Model.Weights.Linear(Module), 3, 9);
        using var set = Set(model, Module, adapter);
        using var merged = Merged(Module, adapter, producers);
        Same(merged.Logits(s_ids), Logits(model, set));
    }

    [Fact]
    public void A_pass_with_adapters_allocates_nothing()
    {
        using var model = new ModelHarness(_model.Path);
        using var set = Set(
            model,
            Queries,
            new LowRankAdapter(model.Model.Weights.Linear(Queries), 3, 5)
        );
        using var sequence = model.Cache.CreateSequence();
        Segment[] segments = [new(sequence, s_ids.Length, Adapters: set)];
        Pass();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Pass();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Pass()
        {
            model.Forward.Run(s_ids, segments);
            sequence.Truncate(0);
        }
    }

    private static void Same(float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var row = 0; row < expected.Length; row++)
        {
            Assert.True(
                ModelHarness.RelativeError(actual[row], expected[row]) <= Tolerance.Logits,
                $"row {row}"
            );
        }
    }

    private static AdapterSet Set(ModelHarness model, string module, LinearAdapter adapter) =>
        new(
            module,
            new Dictionary<LinearLayer, LinearAdapter>
            {
                [model.Model.Weights.Linear(module)] = adapter,
            }
        );

    private static float[][] Logits(ModelHarness model, AdapterSet? set)
    {
        using var sequence = model.Cache.CreateSequence();
        model.Forward.Run(s_ids, [new Segment(sequence, s_ids.Length, Adapters: set)]);
        return model.TailLogits(s_ids.Length);
    }

    private static NativeBuffer<float> Scaled(NativeBuffer<float> vector, float factor)
    {
        var scaled = new NativeBuffer<float>(vector.Length);
        for (var index = 0L; index < vector.Length; index++)
        {
            scaled.Span[index] = factor * vector.Span[index];
        }

        return scaled;
    }

    private ModelHarness Merged(string module, LowRankAdapter adapter, int[]? producers = null)
    {
        var product = adapter.Product();
        return new ModelHarness(
            EditedModelFile.WithValues(
                _model.Path,
                module + ".weight",
                values =>
                {
                    for (var index = 0; index < values.Length; index++)
                    {
                        var kept = adapter.IsReplacement ? 0 : values[index];
                        values[index] = (float)(kept + product[index]);
                    }
                }
            ),
            producers: producers
        );
    }
}
