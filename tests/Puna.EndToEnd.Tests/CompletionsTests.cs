using System.Diagnostics;

namespace Puna.EndToEnd.Tests;

/// <summary>What shells complete.</summary>
public sealed class CompletionsTests
{
    [Fact]
    public void Bash_completes_commands_and_options()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "The script is run by bash.");
        Assert.Equal("run", Completed("puna ru"));
        Assert.Equal("perplexity", Completed("puna eval per"));
        Assert.Equal("--temp --temperature", Completed("puna run --te"));
        Assert.Contains("--kv-format", Completed("puna bench --").Split(' '));
    }

    [Theory]
    [InlineData("zsh", "compdef _puna puna")]
    [InlineData("fish", "complete -c puna")]
    public void Other_shells_have_scripts_of_their_own(string shell, string line)
    {
        var script = PunaProcess.Run(["completions", shell]);
        Assert.Equal(0, script.ExitCode);
        Assert.Contains(line, script.Output, StringComparison.Ordinal);
        Assert.Contains("[suggest:", script.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_shell_gets_the_nearest_one() =>
        Assert.Contains(
            "nearest is bash",
            PunaProcess.Refusal("completions", "bsh"),
            StringComparison.Ordinal
        );

    /// <summary>What the function that bash is told to call offers at the end of a line.</summary>
    private static string Completed(string line)
    {
        const string Script = """
            puna() { dotnet exec "$PUNA" "$@"; }
            eval "$(puna completions bash)"
            COMP_LINE=$LINE COMP_POINT=${#LINE} COMP_WORDS=($LINE) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _puna
            echo "${COMPREPLY[*]}"
            """;
        var start = new ProcessStartInfo("/bin/bash", ["-c", Script])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["PUNA"] = Path.Combine(AppContext.BaseDirectory, "puna.dll");
        start.Environment["LINE"] = line;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Trim();
    }
}
