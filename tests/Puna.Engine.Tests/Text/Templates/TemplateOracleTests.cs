using System.Text.Json;
using Puna.Engine.Text.Templates;
using Puna.Testing;

namespace Puna.Engine.Tests.Text.Templates;

/// <summary>Real models' templates against what jinja2 renders under transformers' settings.</summary>
public sealed class TemplateOracleTests
{
    private const int CasesOfATemplate = 13;

    private static readonly DateTime Now = new(2026, 3, 14, 15, 9, 26);

    private static readonly string[] Templates =
    [
        "Apertus-8B-Instruct",
        "HuggingFaceTB-SmolLM3-3B",
        "NousResearch-Hermes-3-Llama-3.1-8B-tool_use",
        "Qwen-Qwen2.5-7B-Instruct",
        "Qwen-Qwen3-0.6B",
        "deepseek-ai-DeepSeek-R1-Distill-Llama-8B",
        "google-gemma-2-2b-it",
        "ibm-granite-granite-3.3-2B-Instruct",
        "llama2",
        "meta-llama-Llama-3.1-8B-Instruct",
        "meta-llama-Llama-3.3-70B-Instruct",
        "microsoft-Phi-3.5-mini-instruct",
        "mistralai-Mistral-Nemo-Instruct-2407",
        "openai-gpt-oss-120b",
        "smollm2",
    ];

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var template in Templates)
        {
            for (var index = 0; index < CasesOfATemplate; index++)
            {
                cases.Add(template, index);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_real_template_renders_a_conversation_as_jinja2_does(string template, int index)
    {
        var source = File.ReadAllText(SharedData.Path("templates", template + ".jinja"));
        var lines = File.ReadAllLines(SharedData.Path("templates", template + ".expected.jsonl"));
        Assert.Equal(CasesOfATemplate, lines.Length);
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
    public void The_oracle_folder_has_no_template_that_is_not_tested()
    {
        var files = Directory
            .GetFiles(SharedData.Path("templates"), "*.jinja")
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal);

        Assert.Equal(Templates, files);
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
}
