using Puna.Engine.Execution;
using Puna.Engine.Files;
using Puna.Engine.Measurement;
using Puna.Engine.Plan;
using Puna.Engine.Runtime;
using Puna.Kernels.Attention;
using Puna.Kernels.Formats;
using Puna.Kernels.Limits;
using Puna.Testing;

namespace Puna.Engine.Tests.Measurement;

/// <summary>What the bench measures, not how fast it is.</summary>
public sealed class ModelBenchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_prompt_decoding_length_batch_and_depth_is_one_row()
    {
        using var engine = Engine();
        using var bench = new ModelBench(
            engine,
            new BenchOptions
            {
                PromptTokens = [8, 33],
                DecodeTokens = [3],
                Batches = [1, 2, 4],
                Depths = [0, 40],
                Repeats = 2,
            }
        );
        var progress = new Rows();
        var rows = bench.Run(progress).ToList();
        Assert.Equal(bench.Rows, rows.Count);
        Assert.Equal(rows.Count, progress.Told.Count);
        (BenchTest, int, int, int)[] first =
        [
            (BenchTest.Prompt, 8, 1, 0),
            (BenchTest.Prompt, 33, 1, 0),
            (BenchTest.Decode, 3, 1, 0),
            (BenchTest.Decode, 3, 2, 0),
            (BenchTest.Decode, 3, 4, 0),
        ];
        Assert.Equal(
            [.. first, .. first.Select(row => row with { Item4 = 40 })],
            rows.Select(row => (row.Test, row.Tokens, row.Batch, row.Depth))
        );
        Assert.All(
            rows,
            row =>
            {
                Assert.Equal(2, row.Rate.Samples.Count);
                Assert.True(row.TokensPerSecond > 0);
                Assert.True(row.BytesPerSecond > 0);
            }
        );
        Assert.Equal(0, engine.Cache.LiveBlocks);
        Assert.All(rows, row => Assert.Empty(row.Stages));
    }

    [Fact]
    public void A_profile_names_every_stage_and_its_shares_are_the_whole_time()
    {
        using var engine = Engine();
        using var bench = new ModelBench(
            engine,
            new BenchOptions
            {
                PromptTokens = [8],
                DecodeTokens = [3],
                Repeats = 1,
                Profile = true,
            }
        );
        foreach (var row in bench.Run())
        {
            Assert.Equal(
                Enum.GetValues<ForwardStage>().Length + 1,
                row.Stages.Select(stage => stage.Stage).Distinct().Count()
            );
            Assert.Contains(row.Stages, stage => stage.Stage == "query key value");
            Assert.All(row.Stages, stage => Assert.True(stage.Microseconds >= 0));
            Assert.Equal(1, row.Stages.Sum(stage => stage.Share), 6);
        }

        Assert.Null(engine.Pass.Profile);
    }

    [Fact]
    public void A_share_is_taken_of_what_memory_gave_around_each_repetition()
    {
        var limits = MachineLimits.Unmeasured(1);
        var row = new BenchRow(
            BenchTest.Decode,
            10,
            2,
            0,
            new SampleSummary([40, 20, 30]),
            new BenchWork(200, 0),
            [800, 800, 400]
        );
        Assert.Equal(300, row.BytesPerSecond);
        Assert.Equal(0.5, row.ShareOfLimit(limits));
        Assert.Null((row with { ReadBandwidths = [] }).ShareOfLimit(limits));
        Assert.Null((row with { Test = BenchTest.Prompt }).ShareOfLimit(limits));
    }

    [Fact]
    public void The_bandwidth_is_asked_before_and_after_every_repetition_of_decoding()
    {
        using var engine = Engine();
        var options = new BenchOptions
        {
            PromptTokens = [4],
            DecodeTokens = [2],
            Repeats = 3,
        };
        var asked = 0.0;
        using var bench = new ModelBench(engine, options, () => ++asked);
        var rows = bench.Run().ToList();
        Assert.Empty(rows[0].ReadBandwidths);
        Assert.Equal([1.5, 2.5, 3.5], rows[1].ReadBandwidths);
        Assert.Equal(4, asked);
    }

    [Fact]
    public void Decoding_moves_the_weights_once_a_step_and_the_keys_and_values_of_every_sequence()
    {
        foreach (var format in KvPageFormats.All)
        {
            using var engine = Engine(format);
            var weights = engine.Model.Weights;
            var perToken = engine.Cache.Shape.BytesPerToken;
            var work = BenchWork.Decode(
                weights,
                engine.Model.Plan,
                engine.Cache.Shape,
                tokens: 2,
                batch: 3,
                depth: 10
            );
            // Tied output matrix: no byte of the weights is left out. A step sees its own token too.
            Assert.Equal(2.0 * weights.Bytes + 3.0 * (11 + 12) * perToken, work.Bytes);
            var flops =
                PlanCost.Of(engine.Model.Plan, 11).DecodeFlops
                + PlanCost.Of(engine.Model.Plan, 12).DecodeFlops;
            Assert.Equal(3 * flops, work.Operations);
        }
    }

    [Fact]
    public void An_embedding_that_is_not_the_output_matrix_is_not_read()
    {
        using var engine = Engine(tied: false);
        var weights = engine.Model.Weights;
        var work = BenchWork.Decode(weights, engine.Model.Plan, engine.Cache.Shape, 1, 1, 0);
        Assert.Equal(
            weights.Bytes - weights.Embedding.Bytes + engine.Cache.Shape.BytesPerToken,
            work.Bytes
        );
    }

    [Fact]
    public void A_prompt_moves_the_weights_once_a_chunk_and_uses_the_output_matrix_once()
    {
        using var engine = Engine();
        var plan = engine.Model.Plan;
        var weights = engine.Model.Weights;
        var perToken = engine.Cache.Shape.BytesPerToken;
        var work = BenchWork.Prompt(weights, plan, engine.Cache.Shape, 20, chunk: 8, depth: 5);
        Assert.Equal(3.0 * weights.Bytes + (13 + 21 + 25) * (double)perToken, work.Bytes);
        var head = 2.0 * plan.Config.HiddenSize * plan.Config.VocabularySize;
        var expected = head;
        for (var position = 5; position < 25; position++)
        {
            expected += PlanCost.Of(plan, position + 1).DecodeFlops - head;
        }

        Assert.Equal(expected, work.Operations);
    }

    [Theory]
    [InlineData("-p", 600, 1, 1, 0, 1)]
    [InlineData("-n", 1, -1, 1, 0, 1)]
    [InlineData("-b", 1, 1, 513, 0, 1)]
    [InlineData("-b", 1, 1, 0, 0, 1)]
    [InlineData("--depth", 1, 1, 1, 513, 1)]
    [InlineData("--repeat", 1, 1, 1, 0, 0)]
    public void What_cannot_be_measured_is_refused_by_name(
        string option,
        int prompt,
        int decode,
        int batch,
        int depth,
        int repeats
    )
    {
        using var engine = Engine();
        var options = new BenchOptions
        {
            PromptTokens = [prompt],
            DecodeTokens = [decode],
            Batches = [batch],
            Depths = [depth],
            Repeats = repeats,
        };
        var refusal = Assert.Throws<InputException>(() => new ModelBench(engine, options));
        Assert.StartsWith($"{option} is ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_bench_ends()
    {
        using var engine = Engine();
        using var bench = new ModelBench(engine, new BenchOptions());
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            bench.Run(cancellation: cancellation.Token).ToList()
        );
    }

    public void Dispose() => _folder.Dispose();

    private InferenceEngine Engine(KvSlotFormat? format = null, bool tied = true)
    {
        var path = Path.Combine(_folder.Path, $"model-{tied}.gguf");
        var shape = ModelShapes.Get("stories-260k") with { TieEmbeddings = tied };
        ModelCreator.Create("test", shape, path, WeightFormats.Q8_0, 1, null, null, false, default);
        var options = new InferenceOptions
        {
            Threads = 1,
            KeyFormat = format ?? KvPageFormats.F16,
            ValueFormat = format ?? KvPageFormats.F16,
        };
        return InferenceEngine.Load(path, options);
    }

    private sealed class Rows : IProgress<BenchProgress>
    {
        public List<BenchProgress> Told { get; } = [];

        public void Report(BenchProgress value) => Told.Add(value);
    }
}
