using Puna.Engine.Files;
using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Writing;
using Puna.Engine.Tests.Model;
using Puna.Kernels.Activations;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>A weight format of another assembly needs no line in the engine.</summary>
public sealed class ForeignFormatTests
{
    private static readonly WeightFormat s_format = new("row_bytes", new RowScaledBytes());

    [Theory]
    [InlineData(ActivationFormat.F32)]
    [InlineData(ActivationFormat.Int8)]
    public void A_model_of_such_weights_runs_as_its_decoded_twin(ActivationFormat activations)
    {
        using var folder = new TemporaryFolder();
        var path = folder["m.gguf"];
        ModelAssert.Create("stories-260k", path, WeightFormats.F32, 7);
        int[] ids = [1, 5, 9, 200, 17, 3];
        using var own = new ModelHarness(
            EditedModelFile.Recoded(path, s_format, decoded: false),
            activations
        );
        using var twin = new ModelHarness(
            EditedModelFile.Recoded(path, s_format, decoded: true),
            activations
        );
        Assert.Equal(twin.Logits(ids), own.Logits(ids, 4, 1));
    }

    [Fact]
    public void It_converts_to_every_form_that_can_hold_its_values()
    {
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder["m.gguf"], WeightFormats.F32, 7);
        using var input = EditedModelFile.Recoded(folder["m.gguf"], s_format, decoded: false);
        ModelAssert.Convert(input, folder["q8.gguf"], WeightFormats.Q8_0);
        ModelAssert.Convert(input, folder["folder"], null);
        using var written = ModelFiles.Open(folder["folder"]);
        Assert.All(written.Tensors, tensor => Assert.Same(WeightFormats.F32, tensor.Format));
        Assert.Contains(
            "GGUF has no number",
            Assert
                .Throws<InputException>(() => ModelAssert.Convert(input, folder["o.gguf"], null))
                .Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Files_that_cannot_hold_it_refuse_it()
    {
        var tensor = new OutputTensor("w", [1, 32], s_format, new RandomRows(s_format, 1));
        using var stream = new MemoryStream();
        using var writer = new GgufWriter();
        writer.Add(tensor);
        Assert.Throws<InputException>(() => writer.Write(stream));
        Assert.Throws<InputException>(() =>
            SafetensorsWriter.Write(stream, [tensor], new Dictionary<string, string>())
        );
    }
}
