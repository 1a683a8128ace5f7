using Puna.Engine.Files;
using Puna.Engine.Files.Gguf;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

public sealed class ModelCreatorTests
{
    public static TheoryData<WeightFormat> Formats => new(WeightFormats.All);

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_readable_format_can_be_made_and_opens(WeightFormat format)
    {
        using var folder = new TemporaryFolder();
        var summary = ModelAssert.Create("stories-260k", folder["m.gguf"], format, 7);
        using var model = ModelFiles.Open(folder["m.gguf"]);
        ModelConverterTests.Same(ModelShapes.Get("stories-260k"), model.Config);
        foreach (var tensor in model.Tensors)
        {
            tensor.RequireFiniteScales(tensor.Data.ToArray());
        }

        Assert.Equal(new FileInfo(folder["m.gguf"]).Length, summary.Bytes);
        Assert.Contains(
            model.Tensors,
            tensor => tensor.Format == OutputFormats.Fit(format, 64) && tensor.Shape.Count == 2
        );
    }

    [Fact]
    public void A_seed_gives_the_same_file_with_any_number_of_threads_and_another_seed_another()
    {
        using var folder = new TemporaryFolder();
        using var pool = new WorkerPool(3);
        ModelAssert.Create("stories-260k", folder["a.gguf"], WeightFormats.Q8_0, 7);
        ModelAssert.Create("stories-260k", folder["b.gguf"], WeightFormats.Q8_0, 7, pool);
        ModelAssert.Create("stories-260k", folder["c.gguf"], WeightFormats.Q8_0, 8);
        var bytes = File.ReadAllBytes(folder["a.gguf"]);
        Assert.Equal(bytes, File.ReadAllBytes(folder["b.gguf"]));
        Assert.NotEqual(bytes, File.ReadAllBytes(folder["c.gguf"]));
    }

    [Fact]
    public void Rows_and_tensors_differ_from_each_other()
    {
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder["m.gguf"], WeightFormats.F32, 7);
        using var file = GgufFile.Open(folder["m.gguf"]);
        var rows = new HashSet<string>();
        foreach (var tensor in file.Tensors.Where(tensor => tensor.Shape.Count == 2))
        {
            for (var row = 0; row < tensor.Shape[0]; row++)
            {
                var bytes = new byte[16];
                file.Data(tensor).Read(row * tensor.Shape[1] * 4, bytes);
                Assert.True(rows.Add(Convert.ToHexString(bytes)), $"{tensor.Name} row {row}");
            }
        }
    }

    [Fact]
    public void A_folder_can_be_made_of_dense_formats_only()
    {
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder["m"], WeightFormats.BF16, 7);
        using var model = ModelFiles.Open(folder["m"]);
        ModelConverterTests.Same(ModelShapes.Get("stories-260k"), model.Config);
        ModelAssert.Sentence(() =>
            ModelAssert.Create("stories-260k", folder["n"], WeightFormats.Q4_0, 7)
        );
    }

    [Fact]
    public void Every_shape_is_sound_and_has_the_parameters_of_its_model()
    {
        foreach (var (name, shape) in ModelShapes.All)
        {
            ModelConfigRules.Require(name, shape);
        }

        // Parameter counts as their publishers state them.
        Assert.Equal(134_515_008, Parameters("smollm2-135m"));
        Assert.Equal(361_821_120, Parameters("smollm2-360m"));
        Assert.Equal(1_711_376_384, Parameters("smollm2-1.7b"));
        Assert.Equal(1_100_048_384, Parameters("tinyllama-1.1b"));
        Assert.Equal(6_738_415_616, Parameters("llama-2-7b"));
        Assert.Equal(8_030_261_248, Parameters("llama-3-8b"));
        Assert.Equal(1_235_814_400, Parameters("llama-3.2-1b"));
        Assert.Equal(3_212_749_824, Parameters("llama-3.2-3b"));
        Assert.Equal(7_248_023_552, Parameters("mistral-7b"));
        Assert.Equal(494_032_768, Parameters("qwen2.5-0.5b"));
        Assert.Equal(1_543_714_304, Parameters("qwen2.5-1.5b"));
        Assert.Equal(596_049_920, Parameters("qwen3-0.6b"));
        Assert.Equal(1_720_574_976, Parameters("qwen3-1.7b"));
        Assert.Equal(4_022_468_096, Parameters("qwen3-4b"));
        Assert.Equal(3_075_098_624, Parameters("smollm3-3b"));
        Assert.Equal(15_191_712, Parameters("stories-15m"));
    }

    [Fact]
    public void An_unknown_shape_is_answered_with_the_nearest() =>
        Assert.Contains(
            "nearest is smollm2-135m",
            ModelAssert.Sentence(() => ModelShapes.Get("smolm2-135m")),
            StringComparison.Ordinal
        );

    private static long Parameters(string name) =>
        LayerPlan
            .FromConfig(ModelShapes.Get(name))
            .Parameters()
            .Sum(slot => slot.Rows * Math.Max(1L, slot.Columns));
}
