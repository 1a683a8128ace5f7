using System.Text.Json;
using Puna.Engine.Text.Templates;
using Puna.Testing;

namespace Puna.Engine.Tests.Text.Templates;

/// <summary>Real models' templates against what jinja2 renders under transformers' settings.</summary>
public sealed class TemplateOracleTests
{
    private static readonly DateTime Now = new(2026, 3, 14, 15, 9, 26);

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var file in ReferenceCases.FileNames("templates", "*.jinja"))
        {
            var template = Path.GetFileNameWithoutExtension(file);
            var count = File.ReadAllLines(Expected(template)).Length;
            for (var index = 0; index < count; index++)
            {
                cases.Add(template, index);
            }
        }

        if (cases.Count == 0)
        {
            cases.Add(ReferenceCases.None, 0);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    [Trait("reference", "templates")]
    public void A_real_template_renders_a_conversation_as_jinja2_does(string template, int index)
    {
        var source = File.ReadAllText(SharedData.Path("templates", template + ".jinja"));
        var lines = File.ReadAllLines(Expected(template));
        using var document = JsonDocument.Parse(lines[index]);
        var chat = ChatTemplate.Parse(source);

        if (document.RootElement.TryGetProperty("error", out var error))
        {
            var thrown = Assert.Throws<InputException>(() =>
                chat.Render(document.RootElement, Now)
            );
            Assert.Contains(error.GetString()!, thrown.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(
                document.RootElement.GetProperty("rendered").GetString(),
                chat.Render(document.RootElement, Now)
            );
        }
    }

    [Fact]
    [Trait("reference", "templates")]
    public void The_oracle_folder_has_no_template_that_is_not_tested()
    {
        SharedData.Path("templates");
        const string Recorded = ".expected.jsonl";
        Assert.Equal(
            ReferenceCases
                .FileNames("templates", "*" + Recorded)
                .Select(name => name[..^Recorded.Length])
                .Order(StringComparer.Ordinal),
            Cases().Select(row => row.Data.Item1).Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void The_default_models_template_renders_the_prompt_of_its_oracle()
    {
        var folder = SharedData.Path("weights", "smollm2-135m-instruct");
        using var oracle = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(folder, "oracle.json"))
        );
        var source = File.ReadAllText(SharedData.Path("templates", "smollm2.jinja"));
        var chat = ChatTemplate.Parse(source);
        var chats = oracle
            .RootElement.GetProperty("greedy")
            .EnumerateArray()
            .Where(prompt => prompt.GetProperty("kind").GetString() == "chat")
            .ToList();
        Assert.NotEmpty(chats);
        foreach (var prompt in chats)
        {
            var messages = prompt
                .GetProperty("messages")
                .EnumerateArray()
                .Select(message => new ChatMessage(
                    message.GetProperty("role").GetString()!,
                    message.GetProperty("content").GetString()!
                ))
                .ToList();
            Assert.Equal(
                prompt.GetProperty("rendered").GetString(),
                chat.Render(messages, true, "<|im_start|>", "<|im_end|>", Now)
            );
        }
    }

    private static string Expected(string template) =>
        SharedData.Path("templates", template + ".expected.jsonl");
}
