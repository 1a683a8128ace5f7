using System.Text;
using System.Text.Json;
using Puna.Cli.Models;
using Puna.Engine.Decoding;
using Puna.Engine.Runtime;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>A conversation, as a process and by its session.</summary>
public sealed class ChatCommandTests
{
    private const string Question = "What is the capital of France?";
    private const string Answer = "The capital of France is Paris.";

    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Fact]
    public void A_conversation_is_saved_forgotten_loaded_and_goes_on()
    {
        using var folder = new TemporaryFolder();
        var result = Chat(
            Question,
            $"/save {folder["one.json"]}",
            "/nonsense",
            "/sve x",
            "/load",
            $"/load {folder["nowhere.json"]}",
            "/reset",
            $"/save {folder["empty.json"]}",
            $"/load {folder["one.json"]}",
            "",
            "And of Italy?",
            $"/save {folder["two.json"]}",
            "/system You are terse.",
            $"/save {folder["system.json"]}",
            "/exit",
            "This is never read."
        );
        Assert.Equal(0, result.ExitCode);
        (string, string)[] first = [("user", Question), ("assistant", Answer)];
        Assert.Equal(first, Messages(folder["one.json"]));
        Assert.Empty(Messages(folder["empty.json"]));
        var second = Messages(folder["two.json"]);
        Assert.Equal(first, second[..2]);
        Assert.Equal(("user", "And of Italy?"), second[2]);
        Assert.Equal(4, second.Length);
        Assert.Equal([("system", "You are terse.")], Messages(folder["system.json"]));
        Assert.Equal($"{Answer}\n{second[3].Content}\n", result.Output);
        var errors = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, errors.Length);
        Assert.Contains("'/nonsense' is not a command of the chat", errors[0]);
        Assert.Contains("/save", errors[1]);
        Assert.Contains("/load needs the name of a file", errors[2]);
        Assert.Contains("nowhere.json", errors[3]);
        Assert.All(errors, line => Assert.StartsWith("puna: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void The_end_of_the_input_ends_the_chat()
    {
        var result = Chat();
        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public void An_oversized_message_is_refused_and_the_conversation_stays()
    {
        using var folder = new TemporaryFolder();
        var result = PunaProcess.Run(
            ["chat", "--temp", "0", "--activations", "f32", "-n", "30", "--ctx", "128"],
            $"{Question}\n{string.Join(' ', Enumerable.Repeat("word", 200))}\n/save {folder["saved.json"]}\n"
        );
        Assert.Equal((0, $"{Answer}\n"), (result.ExitCode, result.Output));
        Assert.Matches(
            @"^puna: The message makes a prompt of \d+ tokens, but the context holds 128 [^\n]*\n$",
            result.Error
        );
        Assert.Equal([("user", Question), ("assistant", Answer)], Messages(folder["saved.json"]));
    }

    [Fact]
    public void A_conversation_that_outgrows_the_context_says_so_once()
    {
        using var folder = new TemporaryFolder();
        var questions = string.Concat(Enumerable.Repeat($"{Question}\n", 5));
        var result = PunaProcess.Run(
            ["chat", "--temp", "0", "--activations", "f32", "-n", "30", "--ctx", "160"],
            $"{questions}/save {folder["saved.json"]}\n"
        );
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(
            @"^The conversation outgrew the context of 160 tokens: its \d+ oldest turns are no longer read\.\n$",
            result.Error
        );
        Assert.Equal(10, Messages(folder["saved.json"]).Length);
    }

    [Fact]
    public void A_line_that_is_no_utf8_is_refused_and_the_chat_goes_on()
    {
        byte[] input = [.. "caf\u00E9 "u8, 0xE9, .. Encoding.UTF8.GetBytes($"\n{Question}\n")];
        var result = PunaProcess.Run(["chat", "--temp", "0", "--activations", "f32"], input);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal($"{Answer}\n", result.Output);
        Assert.Equal(
            "puna: The line is no valid UTF-8: byte 6 (0xE9) begins no character.\n",
            result.Error
        );
    }

    [Fact]
    public void A_file_that_is_no_conversation_is_refused_and_the_chat_goes_on()
    {
        using var folder = new TemporaryFolder();
        string[] contents =
        [
            "",
            "[",
            "{}",
            "[1]",
            "[{}]",
            "[{\"role\": 1, \"content\": \"x\"}]",
            "[{\"role\": null, \"content\": \"x\"}]",
            "[{\"role\": \"user\", \"content\": null}]",
            "[{\"role\": \"user\", \"content\": \"\\ud800\"}]",
            new string('[', 100_000),
        ];
        var lines = new List<string>();
        foreach (var content in contents)
        {
            File.WriteAllText(folder[$"{lines.Count}.json"], content);
            lines.Add($"/load {folder[$"{lines.Count}.json"]}");
        }

        var result = Chat([.. lines, Question]);
        Assert.Equal((0, $"{Answer}\n"), (result.ExitCode, result.Output));
        Assert.Equal(
            contents.Length,
            result
                .Error.Split('\n')
                .Count(line => line.StartsWith("puna: ", StringComparison.Ordinal))
        );
        Assert.Equal(contents.Length + 1, result.Error.Split('\n').Length);
    }

    [Fact]
    public void A_second_turn_runs_only_what_is_new()
    {
        using var engine = InferenceEngine.Load(DefaultModel, new InferenceOptions());
        using var session = new ChatSession(engine, null);
        var options = new GenerationOptions
        {
            MaximumTokens = 20,
            Sampling = SamplingOptions.Greedy,
        };
        var first = Say(Question);
        Assert.Equal(first.PromptTokens, first.PromptTokensRun);
        var second = Say("And of Italy?");

        // The first prompt and its answer are cached, but for the end of the turn: it was chosen and never run.
        var cached = first.PromptTokens + first.Ids.Count - 1;
        Assert.Equal(second.PromptTokens - cached, second.PromptTokensRun);
        Assert.InRange(second.PromptTokensRun, 1, 20);
        session.Reset();
        Assert.Equal(first.PromptTokens, Say(Question).PromptTokensRun);

        GenerationResult Say(string text) =>
            session.Say(
                text,
                options,
                (in _) => { },
                _ => Assert.Fail("Nothing has to be forgotten."),
                TestContext.Current.CancellationToken
            );
    }

    private static PunaResult Chat(params string[] lines) =>
        PunaProcess.Run(
            ["chat", "--temp", "0", "--activations", "f32", "-n", "30"],
            string.Concat(lines.Select(line => line + "\n"))
        );

    private static (string Role, string Content)[] Messages(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return
        [
            .. document
                .RootElement.EnumerateArray()
                .Select(entry =>
                    (
                        entry.GetProperty("role").GetString()!,
                        entry.GetProperty("content").GetString()!
                    )
                ),
        ];
    }
}
