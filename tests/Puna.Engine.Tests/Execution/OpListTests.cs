using Puna.Engine.Execution;
using Puna.Engine.Execution.Compilation;
using Puna.Engine.Linear;
using Puna.Engine.Plan;
using Puna.Engine.Runtime;
using Puna.Engine.Tests.Files;
using Puna.Engine.Tests.Linear;
using Puna.Engine.Tests.Model;
using Puna.Kernels.Activations;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Execution;

/// <summary>What a plan is compiled to, and that a step kind from outside needs nothing of the core.</summary>
public sealed class OpListTests : IDisposable
{
    private static readonly int[] s_ids = [.. Enumerable.Range(1, 37)];
    private static readonly int[] s_producers = [0, 1, 2, 2, 2];

    private readonly RandomModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void The_steps_of_all_layers_divide_the_operations_behind_the_embedding()
    {
        using var model = new ModelHarness(_model.Path);
        var list = model.Forward.List;
        var expected = model
            .Model.Plan.Layers.SelectMany(layer =>
                Enumerable.Range(0, layer.Steps.Count).Select(step => (layer.Index, step))
            )
            .ToArray();
        Assert.Equal(expected, list.Steps.Select(range => (range.Layer, range.Step)));
        var next = 1;
        foreach (var range in list.Steps)
        {
            Assert.Equal(next, range.First);
            Assert.True(range.End > range.First);
            next = range.End;
        }

        Assert.Equal(list.Operations.Length, next);
    }

    // What a backward pass needs lies apart; the values are the same.
    [Theory]
    [InlineData(ActivationFormat.F32)]
    [InlineData(ActivationFormat.Int8)]
    public void The_layout_for_training_changes_no_bit(ActivationFormat activations)
    {
        using var model = new ModelHarness(_model.Path, activations, producers: s_producers);
        using var pool = new WorkerPool(2);
        using var training = new ForwardPass(
            model.Model,
            pool,
            activations,
            64,
            Compilers.BuiltIn,
            SlotLayout.Training
        );
        Assert.True(training.List.Slots.Bytes / 64 > model.Forward.List.Slots.Bytes / 512);
        Assert.Equal(model.Logits(s_ids), Logits(training, model, [s_ids]).Single());
    }

    [Fact]
    public void A_step_nobody_computes_is_refused_in_one_sentence()
    {
        using var model = new ModelHarness(_model.Path, producers: s_producers);
        var plan = WithStep(model.Model.Plan, 3);
        var error = Assert.Throws<InputException>(() =>
            new ModelHarness(EditedModelFile.WithPlan(_model.Path, plan))
        );
        Assert.Equal(
            "Layer 3 of the plan has a step of the kind 'last-row', which nothing here computes; computed are ResidualStep.",
            error.Message
        );
    }

    [Fact]
    public void A_layer_that_makes_keys_cannot_follow_a_step_that_left_rows_out()
    {
        using var model = new ModelHarness(_model.Path, producers: s_producers);
        var error = Assert.Throws<InputException>(() => Cut(model.Model.Plan, 2));
        Assert.StartsWith(
            "Layer 2 of the plan makes keys and values after a step",
            error.Message,
            StringComparison.Ordinal
        );
    }

    // Layers that read the banks of others need the rows whose logits are asked for, and no more: each keeps its
    // position, its sequence and its adapters.
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Readers_may_go_on_with_the_last_row_of_each_segment(int layer)
    {
        using var whole = new ModelHarness(_model.Path, producers: s_producers);
        using var cut = Cut(whole.Model.Plan, layer, threads: 2);
        var pass = cut.Forward;
        int[][] prompts = [s_ids, [5], [.. s_ids.Reverse()], [9, 8, 7]];
        const string Module = "model.layers.4.self_attn.q_proj";
        using var wholeSet = Set(whole.Model.Weights.Linear(Module));
        using var cutSet = Set(cut.Model.Weights.Linear(Module));
        var expected = Logits(whole.Forward, whole, prompts, wholeSet);
        var actual = Logits(pass, whole, prompts, cutSet, onlyLast: true);
        for (var index = 0; index < prompts.Length; index++)
        {
            Assert.Equal(expected[index][^1], actual[index].Single());
        }

        using var logits = new NativeBuffer<float>(whole.Vocabulary);
        _ = Assert.Throws<ArgumentException>(() => pass.Logits([0], logits.Span));
        // Every key and value was written: the model that computes all rows goes on from them.
        using var sequence = whole.Cache.CreateSequence();
        pass.Run(s_ids, [new Segment(sequence, s_ids.Length)]);
        sequence.Commit(s_ids, new float[s_ids.Length]);
        Assert.Equal(whole.Logits([.. s_ids, 4])[^1], whole.Step(sequence, [4])[0]);
    }

    [Fact]
    public void A_draft_tree_is_not_torn()
    {
        using var whole = new ModelHarness(_model.Path, producers: s_producers);
        using var cut = Cut(whole.Model.Plan, 3);
        var pass = cut.Forward;
        using var sequence = whole.Cache.CreateSequence();
        _ = whole.Step(sequence, s_ids);
        var error = Assert.Throws<ArgumentException>(() =>
            pass.Run([1, 2, 3], [new Segment(sequence, 3, Parents: new[] { -1, 0, 0 })])
        );
        Assert.Contains(
            "1 of the 3 tokens of a draft tree",
            error.Message,
            StringComparison.Ordinal
        );
    }

    private static AdapterSet Set(LinearLayer linear) =>
        new(
            "test",
            new Dictionary<LinearLayer, LinearAdapter>
            {
                [linear] = new LowRankAdapter(linear, 2, 3),
            }
        );

    private static LayerPlan WithStep(LayerPlan plan, int layer) =>
        plan with
        {
            Layers =
            [
                .. plan.Layers.Select(spec =>
                    spec.Index == layer
                        ? spec with
                        {
                            Steps = [new LastRowStep(), .. spec.Steps],
                        }
                        : spec
                ),
            ],
        };

    private ModelHarness Cut(LayerPlan plan, int layer, int threads = 1) =>
        new(
            EditedModelFile.WithPlan(_model.Path, WithStep(plan, layer)),
            threads: threads,
            compilers: Compilers.BuiltIn.Copy().AddStep(new LastRowStep.Compiler())
        );

    // The logits of segments of one pass, every second one with adapters; of all rows, or of the last of each.
    private static float[][][] Logits(
        ForwardPass pass,
        ModelHarness harness,
        int[][] prompts,
        AdapterSet? adapters = null,
        bool onlyLast = false
    )
    {
        var sequences = prompts.Select(_ => harness.Cache.CreateSequence()).ToArray();
        pass.Run(
            [.. prompts.SelectMany(ids => ids)],
            [
                .. prompts.Select(
                    (ids, index) =>
                        new Segment(
                            sequences[index],
                            ids.Length,
                            Adapters: index % 2 == 0 ? adapters : null
                        )
                ),
            ]
        );
        Array.ForEach(sequences, sequence => sequence.Dispose());
        var result = new float[prompts.Length][][];
        var end = 0;
        for (var index = 0; index < prompts.Length; index++)
        {
            end += prompts[index].Length;
            var first = onlyLast ? end - 1 : end - prompts[index].Length;
            var rows = Enumerable.Range(first, end - first).ToArray();
            using var logits = new NativeBuffer<float>((long)rows.Length * harness.Vocabulary);
            pass.Logits(rows, logits.Span);
            result[index] =
            [
                .. rows.Select(row =>
                    logits
                        .Span.Slice((long)(row - first) * harness.Vocabulary, harness.Vocabulary)
                        .Span.ToArray()
                ),
            ];
        }

        return result;
    }
}
