using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Standard streams that are closed, or whose other end is gone: no abort, no hang, no wrong file written.</summary>
public sealed class ClosedStreamTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ClosedStreamTests()
    {
        _model = _folder["model.gguf"];
        var made = PunaProcess.Run(["new", "stories-260k", _model, "--format", "q8_0"]);
        Assert.True(made.ExitCode == 0, made.Error);
    }

    [Theory]
    [InlineData("<&-")]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData("<&- >&-")]
    [InlineData(">&- 2>&-")]
    [InlineData("<&- 2>&-")]
    [InlineData("<&- >&- 2>&-")]
    public void Every_command_ends_well(string closed)
    {
        var before = File.ReadAllBytes(_model);
        string[][] commands =
        [
            ["run", _model, "--ids", "1", "-n", "4"],
            ["chat", _model],
            ["bench", _model, "-p", "1", "-n", "1", "--repeat", "1", "--json"],
            ["inspect", _model],
            ["convert", _model, _folder["out.gguf"], "--format", "f16"],
            ["inspect", _folder["nowhere.gguf"]],
        ];
        foreach (var command in commands)
        {
            var result = ShellProcess.Run($"\"$@\" {closed}", command);
            Assert.True(
                result.ExitCode is 0 or 1,
                $"{command[0]} {closed}: exit {result.ExitCode}: {result.Error}"
            );
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, File.ReadAllBytes(_model));
        Assert.Equal(0, PunaProcess.Run(["inspect", _folder["out.gguf"]]).ExitCode);
    }

    [Fact]
    public void A_closed_input_is_an_empty_one()
    {
        var result = ShellProcess.Run("\"$@\" <&-", "tokenize", _model, "-", "--json");
        Assert.Equal(PunaProcess.Run(["tokenize", _model, "-", "--json"]), result);
    }

    [Fact]
    public void A_reader_that_is_gone_ends_the_answer()
    {
        string[] command = ["run", _model, "--ids", "1", "-n", "400", "--temp", "0"];
        var result = ShellProcess.Run("\"$@\" | true; exit ${PIPESTATUS[0]}", command);
        Assert.Equal(1, result.ExitCode);
        var line = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("puna: Standard output takes no more", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("inspect", "--json")]
    [InlineData("--help")]
    public void Output_that_nobody_takes_is_told(params string[] command)
    {
        string[] arguments = command[0] == "inspect" ? [.. command, _model] : command;
        var result = ShellProcess.Run("{ sleep 0.1; \"$@\"; echo $? >&2; } | true", arguments);
        var lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith(
            "puna: Standard output takes no more",
            lines[0],
            StringComparison.Ordinal
        );
        Assert.Equal("1", lines[1]);
    }

    public void Dispose() => _folder.Dispose();
}
