using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>convert --tokenizer, and the tokenizer on its way between the forms, as processes.</summary>
public sealed class ConvertTokenizerTests : IDisposable
{
    private const string Text = "Once upon a time, there  was <s> Grüße \U0001F600";
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("model.gguf")]
    [InlineData("folder")]
    [Trait("reference", "weights")]
    public void Weights_without_a_tokenizer_get_one(string name)
    {
        var weights = SharedData.Path("weights", "stories260K", "hf");
        PunaProcess.Refusal("tokenize", weights, Text);
        foreach (var tokenizer in (string[])["tok512.model", "tok512.bin", "stories260K.bin"])
        {
            var path = SharedData.Path("weights", "stories260K", tokenizer);
            var result = PunaProcess.Run(["convert", weights, _folder[name], "--tokenizer", path]);
            Assert.True(result.ExitCode == 0, result.Error);
            Assert.Equal(Ids(path), Ids(_folder[name]));
        }
    }

    [Fact]
    public void The_default_models_tokenizer_and_template_come_back_from_a_folder()
    {
        var model = Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");
        var messages = _folder["messages.json"];
        File.WriteAllText(messages, """[{"role": "user", "content": "Hi <|im_end|>"}]""");
        Convert(model, _folder["hf"], "bf16");
        Convert(_folder["hf"], _folder["back.gguf"], "bf16");
        var prompt = PunaProcess.Run(["template", "render", model, messages]).Output;
        Assert.NotEmpty(prompt);
        foreach (var path in (string[])[_folder["hf"], _folder["back.gguf"]])
        {
            Assert.Equal(Ids(model), Ids(path));
            Assert.Equal(prompt, PunaProcess.Run(["template", "render", path, messages]).Output);
        }
    }

    [Fact]
    [Trait("reference", "tokenizers")]
    public void A_tokenizer_of_another_model_is_refused_and_nothing_is_written()
    {
        var sentence = PunaProcess.Refusal(
            "convert",
            SharedData.Path("weights", "stories260K", "stories260K.bin"),
            _folder["m.gguf"],
            "--tokenizer",
            SharedData.Path("tokenizers", "tok4096", "tok4096.bin")
        );
        Assert.Contains("4096 pieces", sentence, StringComparison.Ordinal);
        Assert.Contains("512 rows", sentence, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    private static string Ids(string path) =>
        PunaProcess.Json("tokenize", path, Text, "--json").GetProperty("ids").GetRawText();

    private static void Convert(string input, string output, string format)
    {
        var result = PunaProcess.Run(["convert", input, output, "--format", format]);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
