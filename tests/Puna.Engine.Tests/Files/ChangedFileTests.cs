using Puna.Engine.Files;
using Puna.Engine.Files.Models;
using Puna.Engine.Model;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>Files that somebody cuts off or writes anew while they are read: one sentence, whatever is read next.</summary>
public sealed class ChangedFileTests
{
    private static readonly double[] s_shares = [0, 0.01, 0.5, 0.999];

    public static TheoryData<string> Made => ["model.gguf", "folder"];

    public static TheoryData<string, string> Llama2c => Checkpoints.Llama2c;

    [Theory]
    [MemberData(nameof(Made))]
    public void A_file_cut_off_after_opening_ends_loading_and_conversion(string name)
    {
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder[name], WeightFormats.F32, 1);
        CutOff(folder, folder[name], Weights(folder[name]));
    }

    [Theory]
    [Trait("reference", "weights")]
    [MemberData(nameof(Llama2c))]
    public void A_checkpoint_cut_off_after_opening_ends_loading_and_conversion(
        string model,
        string form
    )
    {
        var source = SharedData.Path("weights", model, form);
        Assert.SkipWhen(
            Checkpoints.Header(source).Version == 2,
            "It is decoded when it is opened."
        );
        using var folder = new TemporaryFolder();
        File.Copy(source, folder["model.bin"]);
        CutOff(folder, folder["model.bin"], folder["model.bin"]);
    }

    [Theory]
    [MemberData(nameof(Made))]
    public void A_file_written_anew_with_the_same_length_is_told(string name)
    {
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder[name], WeightFormats.F32, 1);
        using var input = ModelFiles.Open(folder[name]);
        var weights = Weights(folder[name]);
        File.SetLastWriteTimeUtc(weights, File.GetLastWriteTimeUtc(weights).AddSeconds(1));
        Told(() => Load(input), weights);
    }

    [Theory]
    [MemberData(nameof(Made))]
    public void A_file_replaced_by_another_is_read_to_its_end(string name)
    {
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder[name], WeightFormats.F32, 1);
        using var input = ModelFiles.Open(folder[name]);
        var weights = Weights(folder[name]);
        File.WriteAllBytes(folder["other"], [1, 2, 3]);
        File.Move(folder["other"], weights, overwrite: true);
        Load(input);
    }

    [Fact]
    public void Metadata_that_is_read_late_is_told_too()
    {
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder["model.gguf"], WeightFormats.F32, 1);
        using var input = ModelFiles.Open(folder["model.gguf"]);
        Assert.NotEmpty(input.Metadata);
        Truncate(folder["model.gguf"], 64);
        Told(() => _ = input.Metadata, folder["model.gguf"]);
    }

    private static void CutOff(TemporaryFolder folder, string path, string weights)
    {
        var whole = File.ReadAllBytes(weights);
        foreach (var share in s_shares)
        {
            using var input = ModelFiles.Open(path);
            Truncate(weights, (long)(whole.Length * share));
            Told(() => Load(input), weights);
            Told(() => ModelAssert.Convert(input, folder["out.gguf"], WeightFormats.Q8_0), weights);
            Assert.False(File.Exists(folder["out.gguf"]));
            Change(weights, file => file.Write(whole));
        }
    }

    private static string Weights(string path) =>
        Directory.Exists(path) ? Path.Combine(path, "model.safetensors") : path;

    private static void Truncate(string path, long length) =>
        Change(path, file => file.SetLength(length));

    // As programs do that take no notice of who reads.
    private static void Change(string path, Action<FileStream> change)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        change(file);
    }

    private static void Load(IModelFile input)
    {
        using var pool = new WorkerPool(2);
        LanguageModel
            .Load(
                input,
                input.Plan,
                null,
                pool,
                cancellation: TestContext.Current.CancellationToken
            )
            .Dispose();
    }

    private static void Told(Action action, string path)
    {
        var sentence = ModelAssert.Sentence(action);
        Assert.Contains(path, sentence, StringComparison.Ordinal);
        Assert.Contains("was changed while it was read", sentence, StringComparison.Ordinal);
    }
}
