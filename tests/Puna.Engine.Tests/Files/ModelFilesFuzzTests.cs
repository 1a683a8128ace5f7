using Puna.Engine.Files;
using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Models;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>Damaged files open or give an <see cref="InputException"/>: no crash, no hang, no memory for absurd counts.</summary>
[Trait("speed", "slow")]
public sealed class ModelFilesFuzzTests
{
    private const int Rounds = 20_000;

    /// <summary>A file of this size has no reason to cost more than this while it is opened.</summary>
    private const long MostBytes = 64 << 20;

    [Fact]
    public void Gguf()
    {
        using var folder = new TemporaryFolder();
        Small(folder["m.gguf"]);
        var header = (int)HeaderLength(folder["m.gguf"]);
        Fuzz(folder["m.gguf"], folder["m.gguf"], header, false, folder.Path);
    }

    [Fact]
    public void Safetensors()
    {
        using var folder = new TemporaryFolder();
        SmallFolder(folder.Path);
        var path = folder["model.safetensors"];
        var header = 8 + (int)BitConverter.ToInt64(File.ReadAllBytes(path));
        Fuzz(path, folder.Path, header, true, folder.Path);
    }

    [Fact]
    public void Config()
    {
        using var folder = new TemporaryFolder();
        SmallFolder(folder.Path);
        Fuzz(folder["config.json"], folder.Path, int.MaxValue, true, folder.Path);
    }

    [Fact]
    public void Index()
    {
        using var folder = new TemporaryFolder();
        SmallFolder(folder.Path);
        File.Move(folder["model.safetensors"], folder["a.safetensors"]);
        string[] names;
        using (var file = Engine.Files.Safetensors.SafetensorsFile.Open(folder["a.safetensors"]))
        {
            names = [.. file.Tensors.Select(tensor => $"\"{tensor.Name}\": \"a.safetensors\"")];
        }

        var index = folder["model.safetensors.index.json"];
        File.WriteAllText(
            index,
            $"{{\"metadata\": {{\"total_size\": 1}}, \"weight_map\": {{{string.Join(", ", names)}}}}}"
        );
        using (var model = ModelFiles.Open(folder.Path))
        {
            Assert.Equal("safetensors", model.Form);
        }

        Fuzz(index, folder.Path, int.MaxValue, true, folder.Path);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Llama2c(int version)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["m.bin"], SmallLlama2c(version));
        var header = version == 0 ? 28 : 64;
        Fuzz(folder["m.bin"], folder["m.bin"], header, false, folder.Path);
    }

    [Fact]
    public void Every_cut_of_a_header_is_refused()
    {
        using var folder = new TemporaryFolder();
        Small(folder["m.gguf"]);
        var bytes = File.ReadAllBytes(folder["m.gguf"]);
        for (var length = bytes.Length - 1; length > 0; length -= 1 + length / 400)
        {
            File.WriteAllBytes(folder["cut.gguf"], bytes[..length]);
            ModelAssert.Sentence(() => ModelFiles.Open(folder["cut.gguf"]).Dispose());
        }
    }

    private static void Fuzz(
        string path,
        string model,
        int header,
        bool isText,
        string folder,
        int rounds = Rounds
    )
    {
        var original = File.ReadAllBytes(path);
        var mutation = new Mutation(20261127);
        var opened = 0;
        for (var round = 0; round < rounds; round++)
        {
            var bytes = mutation.Of(original, header, isText);
            File.WriteAllBytes(path, bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var file = ModelFiles.Open(model);
                Touch(file);
                opened++;
            }
            catch (InputException fault)
            {
                Assert.False(
                    fault.Message.Any(char.IsControl) || fault.Message.Length is < 10 or > 1500,
                    $"round {round}: {fault}"
                );
            }
            catch (Exception fault)
            {
                var kept = Path.Combine(
                    Path.GetTempPath(),
                    $"puna-fuzz-{round}-{Path.GetFileName(path)}"
                );
                File.WriteAllBytes(kept, bytes);
                Assert.Fail($"round {round} of {folder}: {fault}; the file is {kept}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        }

        // Damage that never lets a file open would not test what comes after the header.
        Assert.InRange(opened, 1, rounds - 1);
    }

    private static void Touch(IModelFile file)
    {
        var sum = 0;
        foreach (var tensor in file.Tensors)
        {
            sum += tensor.Data.ToArray()[0] + tensor.Data.ToArray()[^1];
        }

        Assert.True(sum >= 0);
        Assert.NotNull(file.Metadata);
        _ = file.Tokenizer;
    }

    private static long HeaderLength(string path)
    {
        using var file = GgufFile.Open(path);
        return file.Tensors.Min(tensor => tensor.Offset);
    }

    private static readonly ModelConfig Shape = ModelShapes.Get("stories-260k") with
    {
        HiddenSize = 32,
        IntermediateSize = 32,
        Layers = 1,
        Heads = 2,
        KvHeads = 1,
        HeadDim = 16,
        VocabularySize = 270,
    };

    private static void Small(string path) =>
        ModelCreator.Create(
            "tiny",
            Shape,
            path,
            WeightFormats.Q4_0,
            1,
            null,
            null,
            false,
            TestContext.Current.CancellationToken
        );

    private static void SmallFolder(string path) =>
        ModelCreator.Create(
            "tiny",
            Shape,
            path,
            WeightFormats.BF16,
            1,
            null,
            null,
            false,
            TestContext.Current.CancellationToken
        );

    /// <summary>A llama2.c checkpoint: dim 16, hidden 32, 1 layer, 2 heads over 1, 8 tokens, context 4, tied.</summary>
    private static byte[] SmallLlama2c(int version)
    {
        const int Matrices = 8 * 16 + 16 * (2 * 16 + 2 * 8) + 3 * 16 * 32;
        const int Norms = 3 * 16;
        var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        if (version > 0)
        {
            writer.Write(0x616b3432);
            writer.Write(version);
        }

        foreach (var size in (int[])[16, 32, 1, 2, 1, 8, 4])
        {
            writer.Write(size);
        }

        if (version > 0)
        {
            writer.Write((byte)1);
            writer.Write(version == 2 ? 8 : 0);
            writer.Write(new byte[256 - (int)file.Length]);
        }

        // Version 0 ends with tables of rotary sines and cosines; version 2 has a scale for each 8 int8 values.
        var values = version switch
        {
            0 => 4 * (Matrices + Norms + 4 * 8),
            1 => 4 * (Matrices + Norms),
            _ => 4 * Norms + Matrices + Matrices / 8 * 4,
        };
        writer.Write(new byte[values]);
        return file.ToArray();
    }
}
