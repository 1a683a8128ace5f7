using System.Text.Json;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>What commands that write refuse to write over, and what --force replaces.</summary>
public sealed class OutputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> WritersAndKinds =>
        [
            .. from writer in (string[])["convert", "new", "logits"]
            from kind in (string[])["pipe", "device", "folder"]
            select (writer, kind),
        ];

    private string Model => _folder["model.gguf"];

    public OutputTests()
    {
        var made = PunaProcess.Run(["new", "stories-260k", Model, "--format", "q8_0"]);
        Assert.True(made.ExitCode == 0, made.Error);
    }

    [Theory]
    [MemberData(nameof(WritersAndKinds))]
    public void What_is_no_regular_file_is_refused_and_stays(string writer, string kind)
    {
        var target = _folder["out.gguf"];
        SpecialFiles.Make(kind, target);
        var before = new FileInfo(target).UnixFileMode;
        var line = PunaProcess.Refusal(Arguments(writer, target));
        Assert.Contains(
            $"out.gguf' is a {kind}",
            line.Replace("named ", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        line = PunaProcess.Refusal([.. Arguments(writer, target), "--force"]);
        Assert.Contains("out.gguf", line, StringComparison.Ordinal);
        Assert.Equal(before, new FileInfo(target).UnixFileMode);
        Assert.Equal(kind == "folder", Directory.Exists(target));
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Theory]
    [InlineData("convert")]
    [InlineData("new")]
    [InlineData("logits")]
    public void A_foreign_file_is_replaced_with_force_only(string writer)
    {
        var target = _folder["out.gguf"];
        File.WriteAllText(target, "My notes.");
        var line = PunaProcess.Refusal(Arguments(writer, target));
        Assert.Contains("out.gguf' exists and is no", line, StringComparison.Ordinal);
        Assert.Contains("--force", line, StringComparison.Ordinal);
        Assert.Equal("My notes.", File.ReadAllText(target));
        Runs([.. Arguments(writer, target), "--force"]);
        var forced = File.ReadAllBytes(target);

        // The same command again finds its own kind, behind a link too.
        File.CreateSymbolicLink(_folder["link.gguf"], "out.gguf");
        Runs(Arguments(writer, _folder["link.gguf"]));
        Assert.Equal(forced, File.ReadAllBytes(target));
        Assert.Equal("out.gguf", new FileInfo(_folder["link.gguf"]).LinkTarget);
    }

    [Fact]
    public void The_model_is_never_its_own_output()
    {
        var before = File.ReadAllBytes(Model);
        SpecialFiles.Link(Model, _folder["hard.gguf"]);
        foreach (var writer in (string[])["convert", "logits"])
        {
            foreach (var target in (string[])[Model, _folder["hard.gguf"]])
            {
                var line = PunaProcess.Refusal([.. Arguments(writer, target), "--force"]);
                Assert.Contains("is the input", line, StringComparison.Ordinal);
            }
        }

        Assert.Equal(before, File.ReadAllBytes(Model));
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public void Logits_replace_neither_a_model_nor_the_text_nor_the_tokenizer()
    {
        var text = _folder["text.txt"];
        File.WriteAllText(text, "Once");
        var line = PunaProcess.Refusal("eval", "logits", Model, text, "--out", text, "--force");
        Assert.Contains("is the input", line, StringComparison.Ordinal);
        var tokenizer = _folder["tokenizer.gguf"];
        File.Copy(Model, tokenizer);
        string[] arguments = ["eval", "logits", Model, "--ids", "1", "--out"];
        line = PunaProcess.Refusal([.. arguments, tokenizer, "--tokenizer", tokenizer, "--force"]);
        Assert.Contains("is the input", line, StringComparison.Ordinal);
        Runs(["new", "stories-260k", _folder["m"]]);
        var weights = _folder["m/model.safetensors"];
        var before = File.ReadAllBytes(weights);
        line = PunaProcess.Refusal([.. arguments, weights]);
        Assert.Contains("has no tensor 'logits'", line, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(weights));
        line = PunaProcess.Refusal(
            "eval",
            "logits",
            _folder["m"],
            "--ids",
            "1",
            "--out",
            weights,
            "--force"
        );
        Assert.Contains("is the input", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chat_saves_over_conversations_and_asks_before_anything_else()
    {
        File.WriteAllText(_folder["notes.txt"], "My notes.");
        File.WriteAllText(_folder["list.json"], "[1, 2, 3]");
        SpecialFiles.Make("pipe", _folder["pipe"]);
        File.CreateSymbolicLink(_folder["link"], "chat.json");
        var before = File.ReadAllBytes(Model);
        string[] lines =
        [
            $"/save {_folder["link"]}",
            "/system You are terse.",
            $"/save {_folder["link"]}",
            $"/save {_folder["notes.txt"]}",
            $"/save {_folder["list.json"]}",
            $"/save! {_folder["list.json"]}",
            $"/save! {_folder["pipe"]}",
            $"/save {Model}",
        ];
        var result = PunaProcess.Run(["chat"], string.Concat(lines.Select(line => line + "\n")));
        Assert.Equal((0, ""), (result.ExitCode, result.Output));
        var errors = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, errors.Length);
        Assert.Contains("notes.txt' exists and is no saved conversation", errors[0]);
        Assert.Contains("/save! FILE", errors[0]);
        Assert.Contains("list.json' exists and is no saved conversation", errors[1]);
        Assert.Contains("pipe' is a named pipe", errors[2]);
        Assert.Contains("model.gguf' exists and is no saved conversation", errors[3]);
        Assert.Equal("My notes.", File.ReadAllText(_folder["notes.txt"]));
        Assert.Equal(before, File.ReadAllBytes(Model));
        foreach (var saved in (string[])["chat.json", "list.json"])
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(_folder[saved]));
            Assert.Equal(1, document.RootElement.GetArrayLength());
        }

        Assert.Equal("chat.json", new FileInfo(_folder["link"]).LinkTarget);
    }

    [Fact]
    public void A_chat_never_saves_over_its_model()
    {
        var model = _folder["copy.gguf"];
        File.Copy(Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf"), model);
        var length = new FileInfo(model).Length;
        var result = PunaProcess.Run(["chat", model], $"/save! {model}\n");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("is the input", result.Error, StringComparison.Ordinal);
        Assert.Equal(length, new FileInfo(model).Length);
    }

    [Fact]
    public void A_new_model_takes_a_folder_as_a_whole()
    {
        Directory.CreateDirectory(_folder["work"]);
        File.WriteAllText(_folder["work/notes.txt"], "My notes.");
        string[] arguments = ["new", "stories-260k", _folder["work"]];
        var line = PunaProcess.Refusal(arguments);
        Assert.Contains("'notes.txt'", line, StringComparison.Ordinal);
        Runs([.. arguments, "--force"]);
        File.WriteAllText(_folder["work/tokenizer.json"], "{}");
        line = PunaProcess.Refusal(arguments);
        Assert.Contains("tokenizer.json' of the old model", line, StringComparison.Ordinal);
        Runs([.. arguments, "--force"]);
        Assert.Equal(
            ["config.json", "model.safetensors", "notes.txt"],
            Directory.GetFileSystemEntries(_folder["work"]).Select(Path.GetFileName).Order()
        );
        Runs(arguments);
    }

    public void Dispose() => _folder.Dispose();

    private static void Runs(string[] arguments)
    {
        var result = PunaProcess.Run(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    private string[] Arguments(string writer, string target) =>
        writer switch
        {
            "convert" => ["convert", Model, target],
            "new" => ["new", "stories-260k", target],
            _ => ["eval", "logits", Model, "--ids", "1,2", "--out", target],
        };
}
