using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Puna.Cli.Commands;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Rules that hold for the arguments of all commands.</summary>
public sealed class ArgumentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("puna-arguments-").FullName;

    private static string Stories => SharedData.Path("weights", "stories260K", "stories260K.bin");

    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Fact]
    public void An_at_sign_has_no_meaning()
    {
        File.WriteAllText(Path.Combine(_folder, "bob"), "--temp");
        var given = PunaProcess.Run(
            ["run", "-m", DefaultModel, "--raw", "-n", "0", "--json", "@bob"],
            "",
            _folder
        );
        Assert.True(given.ExitCode == 0, given.Error);
        using var document = JsonDocument.Parse(given.Output);
        Assert.Equal(
            PunaProcess.Json("tokenize", DefaultModel, "@bob").GetProperty("ids").GetRawText(),
            document.RootElement.GetProperty("prompt_ids").GetRawText()
        );
    }

    [Fact]
    public void A_repeated_option_takes_its_last_value()
    {
        var result = PunaProcess.Json([
            .. (string[])["run", "-m", "nowhere.gguf", "-m", Stories, "--ids", "7", "--ids", "1"],
            .. (string[])["--temp", "5", "--temperature", "0", "-n", "9", "-n", "2"],
            .. (string[])["--seed", "1", "--seed", "2", "--json", "--threads", "0", "-t", "1"],
        ]);
        Assert.Equal("[1]", result.GetProperty("prompt_ids").GetRawText());
        Assert.Equal("[403,407]", result.GetProperty("ids").GetRawText());
        Assert.Equal(2, result.GetProperty("seed").GetInt32());
    }

    public static TheoryData<string> OptionsWithValues() =>
        [
            .. Tree(RootCommandFactory.Create(), "")
                .SelectMany(command =>
                    command
                        .Command.Options.Where(option =>
                            option.Arity.MaximumNumberOfValues > 0
                            && option.ValueType != typeof(bool)
                        )
                        .Select(option => $"{command.Path} {option.Name}".Trim())
                ),
        ];

    [Theory]
    [MemberData(nameof(OptionsWithValues))]
    public void Every_option_may_be_repeated_and_names_what_it_takes(string path)
    {
        var words = path.Split(' ');
        var result = RootCommandFactory
            .Create()
            .Parse([.. words[..^1], words[^1], "no-such-value", words[^1], "no-such-value"]);
        var faults = result
            .Errors.Select(error => error.Message)
            .Where(message => message.Contains(words[^1], StringComparison.Ordinal))
            .ToList();
        Assert.DoesNotContain(
            faults,
            message => message.Contains("System.", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(
            faults,
            message => message.Contains("single argument", StringComparison.Ordinal)
        );
        var option = result.CommandResult.Command.Options.Single(known => known.Name == words[^1]);
        Assert.Equal(IsNumber(option.ValueType), faults.Count == 1);
        Assert.All(
            faults,
            message => Assert.EndsWith("is needed", message, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("--temp", "abc", "--temp is 'abc', but a number such as 0.8 is needed")]
    [InlineData("--top-k", "1.5", "--top-k is '1.5', but a whole number of at most 2147483647")]
    [InlineData("--threads", "99999999999", "a whole number of at most 2147483647 is needed")]
    [InlineData("--seed", "-1", "a whole number from 0 to 18446744073709551615 is needed")]
    [InlineData("--logit-bias", "5:x", "--logit-bias '5:x' is not understood")]
    [InlineData("--logit-bias", "5:inf", "-infinity (banned)")]
    public void A_number_that_is_none_names_what_is_accepted(
        string option,
        string value,
        string sentence
    ) =>
        Assert.Contains(
            sentence,
            PunaProcess.Refusal("run", Stories, "--ids", "1", option, value),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_bias_of_minus_infinity_bans_a_token() =>
        Assert.DoesNotContain(
            "403",
            PunaProcess
                .Json(
                    "run",
                    Stories,
                    "--ids",
                    "1",
                    "-n",
                    "1",
                    "--temp",
                    "0",
                    "--logit-bias",
                    "403:-inf"
                )
                .GetProperty("ids")
                .GetRawText(),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("run|-m||hi")]
    [InlineData("run||hi")]
    [InlineData("run|--tokenizer||hi")]
    [InlineData("run|--chat-template||hi")]
    [InlineData("run|-f|")]
    [InlineData("chat|")]
    [InlineData("inspect|")]
    [InlineData("inspect|-m|")]
    [InlineData("plan|cost|")]
    [InlineData("tokenize||hi")]
    [InlineData("template|render||")]
    [InlineData("template|render|MODEL|")]
    [InlineData("convert||out.gguf")]
    [InlineData("convert|MODEL|")]
    [InlineData("new|stories-15m|")]
    [InlineData("eval|perplexity|")]
    [InlineData("eval|perplexity|MODEL|")]
    [InlineData("eval|logits|MODEL|--ids|1|--out|")]
    [InlineData("eval|logits|MODEL||--out|logits.safetensors")]
    [InlineData("bench|")]
    public void An_empty_path_is_one_sentence(string line) =>
        PunaProcess.Refusal(
            line.Replace("MODEL", DefaultModel, StringComparison.Ordinal).Split('|')
        );

    [Fact]
    public void The_model_may_be_named_with_m_everywhere()
    {
        Assert.Equal(
            PunaProcess.Json("inspect", Stories).GetRawText(),
            PunaProcess.Json("inspect", "-m", Stories).GetRawText()
        );
        Assert.Equal(
            PunaProcess.Json("plan", "cost", Stories, "--ctx", "64").GetRawText(),
            PunaProcess.Json("plan", "cost", "-m", Stories, "-c", "64").GetRawText()
        );
        Assert.Equal(
            PunaProcess.Json("tokenize", DefaultModel, "Hello").GetRawText(),
            PunaProcess.Json("tokenize", "-m", DefaultModel, "Hello").GetRawText()
        );
        var messages = Path.Combine(_folder, "messages.json");
        File.WriteAllText(messages, """[{"role": "user", "content": "hello"}]""");
        var rendered = PunaProcess.Run(["template", "render", "-m", DefaultModel, messages]);
        Assert.Contains("hello", rendered.Output, StringComparison.Ordinal);
        Assert.Equal(
            PunaProcess.Run(["template", "render", DefaultModel, messages]).Output,
            rendered.Output
        );
    }

    [Theory]
    [InlineData("inspect|-m|A|B")]
    [InlineData("plan|cost|-m|A|B")]
    [InlineData("tokenize|-m|A|B|text")]
    [InlineData("template|render|-m|A|B|messages.json")]
    [InlineData("bench|-m|A|B")]
    public void A_model_that_is_named_twice_is_refused(string line) =>
        Assert.Contains(
            "name the model once",
            PunaProcess.Refusal(line.Replace("A", Stories, StringComparison.Ordinal).Split('|')),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("tokenize")]
    [InlineData("template|render")]
    public void A_model_that_must_be_named_is_missed(string line) =>
        Assert.Contains(
            "is missing",
            PunaProcess.Refusal(line.Split('|')),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_bare_folder_is_the_model_when_it_is_one()
    {
        var model = Path.Combine(_folder, "model");
        PunaProcess.Run(["convert", Stories, model]);
        Directory.CreateDirectory(Path.Combine(_folder, "papers"));
        var taken = PunaProcess.Run(
            ["run", "model", "--ids", "1", "-n", "1", "--temp", "0", "--json"],
            "",
            _folder
        );
        Assert.True(taken.ExitCode == 0, taken.Error);
        Assert.Contains("\"ids\":[403]", taken.Output, StringComparison.Ordinal);
        var prompt = PunaProcess.Run(["run", "papers", "--raw", "-n", "0", "--json"], "", _folder);
        Assert.Contains(
            PunaProcess.Json("tokenize", DefaultModel, "papers").GetProperty("ids").GetRawText(),
            prompt.Output,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("either/or: choose one")]
    [InlineData("what is in model.gguf")]
    public void A_first_argument_with_blanks_is_a_prompt(string prompt) =>
        Assert.Equal(
            PunaProcess.Json("tokenize", DefaultModel, prompt).GetProperty("ids").GetRawText(),
            PunaProcess
                .Json("run", prompt, "--raw", "-n", "0")
                .GetProperty("prompt_ids")
                .GetRawText()
        );

    [Theory]
    [InlineData("")]
    [InlineData("run")]
    [InlineData("eval perplexity")]
    public void Help_is_a_command_too(string command)
    {
        string[] words = [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        var help = PunaProcess.Run(["help", .. words]);
        Assert.Equal(0, help.ExitCode);
        Assert.Contains("Examples:", help.Output, StringComparison.Ordinal);
        Assert.Equal(PunaProcess.Run([.. words, "--help"]).Output, help.Output);
    }

    [Fact]
    public void Help_for_what_is_no_command_gets_the_nearest_one()
    {
        Assert.Contains(
            "nearest is run",
            PunaProcess.Refusal("help", "rum"),
            StringComparison.Ordinal
        );
        PunaProcess.Refusal("help", "run", "perplexity");
    }

    [Fact]
    public void Help_lists_formats_and_shapes()
    {
        Assert.Contains(
            "q4_k",
            PunaProcess.Run(["convert", "--help"]).Output,
            StringComparison.Ordinal
        );
        var help = PunaProcess.Run(["help", "new"]).Output;
        Assert.Contains("tinyllama-1.1b", help, StringComparison.Ordinal);
        Assert.Contains("tq2_0", help, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static bool IsNumber(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is var bare && bare.IsPrimitive;

    private static IEnumerable<(string Path, Command Command)> Tree(Command command, string path) =>
        command
            .Subcommands.SelectMany(below => Tree(below, $"{path} {below.Name}".Trim()))
            .Prepend((path, command));
}
