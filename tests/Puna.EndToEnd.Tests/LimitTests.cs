using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Inputs without an end, systems with little room: one sentence and exit code 1.</summary>
public sealed class LimitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public LimitTests()
    {
        _model = _folder["model.gguf"];
        var made = PunaProcess.Run(["new", "stories-260k", _model, "--format", "q8_0"]);
        Assert.True(made.ExitCode == 0, made.Error);
    }

    [Theory]
    [InlineData("eval", "perplexity", "MODEL", "/dev/zero")]
    [InlineData("eval", "logits", "MODEL", "/dev/zero", "--out", "OUT")]
    [InlineData("tokenize", "MODEL", "-")]
    [InlineData("template", "render", "/dev/zero", "/dev/zero")]
    public void An_input_without_an_end_is_refused_within_little_memory(params string[] command)
    {
        // A heap of 320 MiB holds a text at the limit; without a limit it would run full.
        var result = ShellProcess.Run(
            "export DOTNET_GCHeapHardLimit=0x14000000; \"$@\" < /dev/zero",
            [.. command.Select(Named)]
        );
        Assert.Equal(1, result.ExitCode);
        Assert.DoesNotContain("memory", result.Error, StringComparison.Ordinal);
        OneSentence(result);
    }

    [Fact]
    public void A_chat_refuses_to_load_a_file_without_an_end_and_goes_on()
    {
        var result = ShellProcess.Run(
            "printf '/load /dev/zero\\n/exit\\n' | \"$@\"",
            "chat",
            "-m",
            Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf")
        );
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("'/dev/zero' is longer than", result.Error, StringComparison.Ordinal);
        OneSentence(result);
    }

    [Theory]
    [InlineData("ulimit -f 64", "convert", "MODEL", "OUT", "--format", "f32")]
    [InlineData("ulimit -n 56", "run", "MODEL", "--ids", "1", "-n", "1")]
    [InlineData("export DOTNET_GCHeapHardLimit=0x1400000", "run", "MODEL", "--ids", "1", "-n", "1")]
    public void A_low_limit_gives_a_result_or_a_sentence(string limit, params string[] command)
    {
        var result = ShellProcess.Run(
            $"export DOTNET_EnableWriteXorExecute=0; {limit}; \"$@\"",
            [.. command.Select(Named)]
        );
        Assert.True(result.ExitCode is 0 or 1, $"exit {result.ExitCode}: {result.Error}");
        Assert.False(File.Exists(_folder["out.gguf"]));
        if (result.ExitCode == 1)
        {
            OneSentence(result);
        }
    }

    [Fact]
    public void Control_characters_in_names_are_shown_escaped()
    {
        var name = _folder["a\u001b[31mb\u202ec\nd.gguf"];
        var line = PunaProcess.Refusal("inspect", name);
        Assert.Contains("a\\u001B[31mb\\u202Ec\\nd.gguf", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', line);
        File.Copy(_model, name);
        var shown = PunaProcess.Run(["inspect", name]);
        Assert.Equal(0, shown.ExitCode);
        Assert.DoesNotContain('\u001b', shown.Output);
        Assert.Contains("a\\u001B[31mb\\u202Ec\\nd.gguf", shown.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static void OneSentence(PunaResult result)
    {
        var line = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("puna: ", line, StringComparison.Ordinal);
    }

    private string Named(string argument) =>
        argument switch
        {
            "MODEL" => _model,
            "OUT" => _folder["out.gguf"],
            _ => argument,
        };
}
