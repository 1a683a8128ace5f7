using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary><c>puna chat</c> in a terminal: what is typed, and what the keys that end something do.</summary>
[Trait("speed", "slow")]
public sealed class ChatTerminalTests
{
    private const string Prompt = "> ";
    private const string CtrlD = "\x04";
    private const string Arguments = "chat --temp 0 --activations f32 -n 12 --seed 42";

    [Fact]
    public async Task A_message_is_edited_pasted_and_answered()
    {
        using var folder = new TemporaryFolder();
        using var terminal = new PseudoTerminal(Arguments);
        var start = await terminal.Until(Prompt);
        Assert.Contains("smollm2-135m-instruct.gguf", start, StringComparison.Ordinal);
        Assert.Contains("8192 tokens", start, StringComparison.Ordinal);
        Assert.Contains("/help", start, StringComparison.Ordinal);

        // Home, a word in front, End; \u65E5\u672C with one character deleted; then a paste of two lines.
        terminal.Type("of x\x7F\u65E5\u672C\x7F\e[HCapital \e[F?\e[200~ one\r\ntwo\e[201~\r");
        var turn = await terminal.Until("seed 42]");
        Assert.Contains("12 tokens", turn, StringComparison.Ordinal);
        _ = await terminal.Until(Prompt);
        terminal.Type($"/save {folder["saved.json"]}\r");
        _ = await terminal.Until("Saved 2 turns.");
        using (var saved = JsonDocument.Parse(File.ReadAllBytes(folder["saved.json"])))
        {
            Assert.Equal(
                "Capital of \u65E5? one\ntwo",
                saved.RootElement[0].GetProperty("content").GetString()
            );
        }

        terminal.Type("/undo\r");
        _ = await terminal.Until("Taken back: Capital of \u65E5? one two");
        terminal.Type("/retry\r");
        _ = await terminal.Until("puna: There is no message yet");
        _ = await terminal.Until(Prompt);
        terminal.Type(CtrlD);
        var (exitCode, shown) = await terminal.End();
        Assert.Equal(0, exitCode);
        Assert.Contains("The chat is over.", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_c_clears_the_line_and_leaves_when_pressed_twice()
    {
        using var terminal = new PseudoTerminal(Arguments);
        _ = await terminal.Until(Prompt);
        terminal.Type("never said");
        _ = await terminal.Until("never said");
        terminal.Interrupt();
        _ = await terminal.Until("Ctrl-C once more or Ctrl-D leaves");
        _ = await terminal.Until(Prompt);

        // What was cleared is not said, and a message in between makes the next Ctrl-C the first again.
        terminal.Type("Hi\r");
        var turn = await terminal.Until("seed 42]");
        Assert.DoesNotContain("never", turn, StringComparison.Ordinal);
        _ = await terminal.Until(Prompt);
        terminal.Interrupt();
        _ = await terminal.Until("Ctrl-C once more or Ctrl-D leaves");
        _ = await terminal.Until(Prompt);
        terminal.Interrupt();
        var (exitCode, shown) = await terminal.End();
        Assert.Equal(130, exitCode);
        Assert.Contains("Interrupted: the chat is over.", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_c_while_a_long_prompt_is_read_takes_the_message_back()
    {
        using var folder = new TemporaryFolder();
        using var terminal = new PseudoTerminal($"{Arguments} --threads 1");
        _ = await terminal.Until(Prompt);
        terminal.Type($"\e[200~{string.Concat(Enumerable.Repeat("word ", 7000))}\e[201~\r");
        _ = await terminal.Until("reading the prompt");
        terminal.Interrupt();
        _ = await terminal.Until("Interrupted before the answer began");
        _ = await terminal.Until(Prompt);
        terminal.Type($"/save {folder["saved.json"]}\r");
        _ = await terminal.Until("Saved 0 turns.");
        _ = await terminal.Until(Prompt);
        terminal.Type("/exit\r");
        Assert.Equal(0, (await terminal.End()).ExitCode);
    }

    [Fact]
    public async Task Ctrl_c_during_an_answer_ends_the_answer_only()
    {
        using var terminal = new PseudoTerminal("chat --temp 0 --logit-bias 2:-1000");
        _ = await terminal.Until(Prompt);
        terminal.Type("Hello\r");
        _ = await terminal.Until("\e[?2004l");
        _ = await terminal.Until(" ");
        terminal.Interrupt();
        _ = await terminal.Until("cancelled; seed");
        _ = await terminal.Until(Prompt);
        terminal.Type("/exit\r");
        Assert.Equal(0, (await terminal.End()).ExitCode);
    }

    [Fact]
    public async Task A_termination_puts_the_terminal_back()
    {
        using var terminal = new PseudoTerminal(Arguments);
        _ = await terminal.Until(Prompt);
        terminal.Type("half a mess");
        _ = await terminal.Until("half a mess");
        using var kill = Process.Start(
            "kill",
            ["-TERM", terminal.ProcessId().ToString(CultureInfo.InvariantCulture)]
        );
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        var (exitCode, shown) = await terminal.End();
        Assert.NotEqual(0, exitCode);
        Assert.Contains("\e[?2004l", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_that_cannot_be_painted_on_gets_plain_lines()
    {
        using var terminal = new PseudoTerminal(Arguments, "TERM=dumb");
        _ = await terminal.Until(Prompt);
        terminal.Type("Hi\r");
        var turn = await terminal.Until("seed 42]");
        Assert.DoesNotContain("\e[?2004h", turn, StringComparison.Ordinal);
        _ = await terminal.Until(Prompt);
        terminal.Type("/exit\r");
        var (exitCode, shown) = await terminal.End();
        Assert.Equal(0, exitCode);
        Assert.Contains("The chat is over.", shown, StringComparison.Ordinal);
    }
}
