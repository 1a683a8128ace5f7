using System.Text.RegularExpressions;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Runs what the readme tells its readers to type.</summary>
[Trait("speed", "slow")]
public sealed partial class ReadmeTests
{
    private const string Run = "dotnet run --project src/Puna.Cli -- ";

    /// <summary>Commands that the gate runs itself.</summary>
    private static readonly string[] s_elsewhere =
    [
        "dotnet test",
        "dotnet pack -o packages",
        "dotnet tool install Puna --tool-path tools --source packages",
    ];

    public static TheoryData<string> Commands()
    {
        var text = File.ReadAllText(Path.Combine(SharedData.Root, "README.md"));
        return
        [
            .. ShellBlock()
                .Matches(text)
                .SelectMany(block => block.Groups["lines"].Value.Split('\n'))
                .Where(line => line.Length > 0 && !line.StartsWith('#'))
                .Except(s_elsewhere, StringComparer.Ordinal),
        ];
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_command_of_the_readme_runs(string command)
    {
        Assert.StartsWith(Run, command, StringComparison.Ordinal);
        string[] arguments =
        [
            .. Word()
                .Matches(command[Run.Length..])
                .Select(word => word.Value.Replace("\"", "", StringComparison.Ordinal)),
        ];
        var input = arguments[0] == "chat" ? "Hello\n/exit\n" : "";
        var result = PunaProcess.Run(arguments, input, SharedData.Root);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.NotEqual("", result.Output.Trim());
    }

    [Fact]
    public void It_has_the_commands_that_the_gate_runs()
    {
        var text = File.ReadAllText(Path.Combine(SharedData.Root, "README.md"));
        Assert.All(s_elsewhere, command => Assert.Contains($"\n{command}\n", text));
    }

    [GeneratedRegex("""```sh\n(?<lines>.*?)```""", RegexOptions.Singleline, 1000)]
    private static partial Regex ShellBlock();

    [GeneratedRegex("""(?:"[^"]*"|[^\s"])+""", RegexOptions.None, 1000)]
    private static partial Regex Word();
}
