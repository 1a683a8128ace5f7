using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>tokenize and template render as processes.</summary>
public sealed class TextCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("puna-text-").FullName;

    private static string Tokenizer => SharedData.Path("weights", "stories260K", "tok512.model");

    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Fact]
    public void Text_becomes_ids_and_ids_become_text()
    {
        var ids = PunaProcess.Json("tokenize", Tokenizer, "Once upon a time");
        Assert.Equal("[403,407,261,378]", ids.GetProperty("ids").GetRawText());
        var text = PunaProcess.Json("tokenize", Tokenizer, "--decode", "403 407 261 378");
        Assert.Equal("Once upon a time", text.GetProperty("text").GetString());
    }

    [Fact]
    public void Bos_is_added_only_when_asked_for()
    {
        var ids = PunaProcess.Json("tokenize", Tokenizer, "Once upon a time", "--bos");
        Assert.Equal("[1,403,407,261,378]", ids.GetProperty("ids").GetRawText());
    }

    [Fact]
    public void Standard_input_is_taken_to_the_last_byte()
    {
        var without = PunaProcess.Run(["tokenize", DefaultModel, "-", "--json"], "Hello world");
        var with = PunaProcess.Run(["tokenize", DefaultModel, "-", "--json"], "Hello world\n");
        Assert.Equal("{\"ids\":[19556,905]}\n", without.Output);
        Assert.Equal("{\"ids\":[19556,905,198]}\n", with.Output);
    }

    [Fact]
    public void Special_tokens_in_the_text_are_recognised()
    {
        var ids = PunaProcess.Json("tokenize", DefaultModel, "<|im_start|>user\n");
        Assert.Equal("[1,4093,198]", ids.GetProperty("ids").GetRawText());
    }

    public static TheoryData<string> Models => OracleModels.All;

    [Theory]
    [MemberData(nameof(Models))]
    [Trait("reference", "weights")]
    public void The_models_own_template_renders_the_recorded_prompt(string name)
    {
        using var oracle = ReferenceCases.Json("weights", name, "oracle.json");
        var row = oracle
            .RootElement.GetProperty("greedy")
            .EnumerateArray()
            .First(entry => entry.GetProperty("kind").GetString() == "chat");
        var messages = Path.Combine(_folder, "messages.json");
        File.WriteAllText(
            messages,
            $"{{\"messages\": {row.GetProperty("messages").GetRawText()}, \"add_generation_prompt\": true}}"
        );
        var result = PunaProcess.Run(["template", "render", OracleModels.PathOf(name), messages]);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(row.GetProperty("rendered").GetString(), result.Output);
    }

    [Fact]
    public void A_template_file_sees_variables_and_the_given_time()
    {
        var template = Path.Combine(_folder, "own.jinja");
        File.WriteAllText(
            template,
            "{{ bos_token }}{{ strftime_now('%d %b %Y') }} {{ name }}: {{ messages[0].content }}{% if add_generation_prompt %}>{% endif %}"
        );
        var messages = Path.Combine(_folder, "messages.json");
        File.WriteAllText(
            messages,
            """{"messages": [{"role": "user", "content": "hi"}], "name": "Ada"}"""
        );
        var result = PunaProcess.Run([
            "template",
            "render",
            template,
            messages,
            "--now",
            "2026-03-14T15:09:26",
        ]);
        Assert.Equal("<s>14 Mar 2026 Ada: hi", result.Output);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
