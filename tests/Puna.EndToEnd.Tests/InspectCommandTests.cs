using System.Text.Json;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>inspect of files that cannot be run, as a process.</summary>
public sealed class InspectCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Types => ReferenceCases.Files("gguf-types", "*.gguf");

    public static TheoryData<string> Adapters =>
        ReferenceCases.Folders("adapters", "adapter_config.json", "adapter_model.safetensors");

    [Theory]
    [MemberData(nameof(Types))]
    [Trait("reference", "gguf-types")]
    public void Every_gguf_type_is_shown_and_told_to_be_runnable_or_not(string name)
    {
        var path = SharedData.Path("gguf-types", name);
        var file = PunaProcess.Json("inspect", path);
        var runs = PunaProcess.Run(["run", path, "--ids", "1", "-n", "1"]).ExitCode == 0;
        Assert.Equal(runs, file.GetProperty("runnable").GetBoolean());
        Assert.Equal(
            runs ? JsonValueKind.Null : JsonValueKind.String,
            file.GetProperty("reason").ValueKind
        );
        Assert.Equal(
            runs ? JsonValueKind.Object : JsonValueKind.Null,
            file.GetProperty("plan").ValueKind
        );
        var tensors = file.GetProperty("tensors").EnumerateArray().ToArray();
        Assert.Equal(
            file.GetProperty("bytes").GetInt64(),
            tensors.Sum(tensor => tensor.GetProperty("bytes").GetInt64())
        );
        Assert.Equal(
            tensors.Length,
            file.GetProperty("formats")
                .EnumerateObject()
                .Sum(format => format.Value.GetProperty("tensors").GetInt32())
        );
        var text = PunaProcess.Run(["inspect", path]);
        Assert.Equal(0, text.ExitCode);
        Assert.Equal(!runs, text.Output.Contains("cannot be run: ", StringComparison.Ordinal));
        Assert.All(
            tensors,
            tensor =>
                Assert.Contains(
                    tensor.GetProperty("stored_name").GetString()!,
                    text.Output,
                    StringComparison.Ordinal
                )
        );
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    [Trait("reference", "adapters")]
    public void An_adapter_is_shown_with_its_configuration(string name)
    {
        var folder = SharedData.Path("adapters", name);
        using var config = ReferenceCases.Json("adapters", name, "adapter_config.json");
        var file = PunaProcess.Json("inspect", Path.Combine(folder, "adapter_model.safetensors"));
        Assert.False(file.GetProperty("runnable").GetBoolean());
        Assert.Contains(
            "adapter",
            file.GetProperty("reason").GetString()!,
            StringComparison.Ordinal
        );
        Assert.Equal(
            config.RootElement.GetProperty("peft_type").GetString(),
            file.GetProperty("metadata").GetProperty("peft_type").GetString()
        );
        Assert.Equal(
            file.GetProperty("tensors").GetRawText(),
            PunaProcess.Json("inspect", folder).GetProperty("tensors").GetRawText()
        );
    }

    [Fact]
    public void A_file_that_is_cut_off_is_refused()
    {
        var path = _folder["m.gguf"];
        Assert.Equal(0, PunaProcess.Run(["new", "stories-260k", path]).ExitCode);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^1]);
        PunaProcess.Refusal("inspect", path);
        PunaProcess.Refusal("inspect", path, "--json");
    }

    public void Dispose() => _folder.Dispose();
}
