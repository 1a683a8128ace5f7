using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Bad input: one clear sentence, exit code 1, never a stack trace.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("puna-refusals-").FullName;

    private static string Stories => SharedData.Path("weights", "stories260K", "stories260K.bin");

    [Fact]
    public void An_unknown_command_gets_the_nearest_one() =>
        Assert.Contains("tokenize", PunaProcess.Refusal("tokenise"), StringComparison.Ordinal);

    [Fact]
    public void An_unknown_option_gets_the_nearest_one() =>
        Assert.Contains(
            "--temp",
            PunaProcess.Refusal("run", "--tmep", "0", "hello"),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_model_that_is_not_there_is_named() =>
        Assert.Contains(
            "nowhere.gguf",
            PunaProcess.Refusal("run", "nowhere.gguf", "hello"),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("--temp", "-1", "temperature is -1")]
    [InlineData("--temp", "nan", "temperature is NaN")]
    [InlineData("--top-p", "1.5", "top-p is 1.5")]
    [InlineData("--min-p", "-0.1", "min-p is -0.1")]
    [InlineData("--top-k", "-3", "top-k is -3")]
    [InlineData("--repeat-penalty", "0", "repetition penalty is 0")]
    [InlineData("--threads", "0", "--threads is 0")]
    [InlineData("--threads", "two", "--threads")]
    [InlineData("--activations", "int4", "int8 or f32")]
    [InlineData("--kv-format", "q4", "f32, f16, bf16 or int8")]
    [InlineData("--ctx", "0", "--ctx is 0")]
    [InlineData("-n", "-5", "-n is -5")]
    [InlineData("--logit-bias", "x:1", "--logit-bias 'x:1'")]
    [InlineData("--logit-bias", "999999:1", "token 999999")]
    public void An_option_out_of_range_is_named_with_what_would_be_accepted(
        string option,
        string value,
        string sentence
    )
    {
        var line = PunaProcess.Refusal("run", Stories, "hello", option, value);
        Assert.Contains(sentence, line, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("1,x", "'x'")]
    [InlineData("999999", "token 999999")]
    [InlineData("", "no token")]
    public void Ids_that_are_none_are_refused(string ids, string sentence)
    {
        var line = PunaProcess.Refusal("run", Stories, "--ids", ids);
        Assert.Contains(sentence, line, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Behind_two_dashes_a_prompt_may_look_like_an_option()
    {
        var result = PunaProcess.Run(["run", "-m", Stories, "--raw", "-n", "1", "--", "--tmep"]);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public void A_prompt_longer_than_the_context_is_refused()
    {
        var ids = string.Join(',', Enumerable.Repeat(5, 600));
        Assert.Contains(
            "512",
            PunaProcess.Refusal("run", Stories, "--ids", ids),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Prompts_that_are_no_utf8_are_refused()
    {
        var result = PunaProcess.Run(["run", Stories, "-", "--raw"], [0x48, 0xFF, 0xFE, 0x48]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("UTF-8", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_model_is_refused()
    {
        foreach (var (name, source) in Models())
        {
            var bytes = File.ReadAllBytes(source);
            var target = Path.Combine(_folder, name);
            foreach (var share in (double[])[0, 0.001, 0.1, 0.9])
            {
                File.WriteAllBytes(target, bytes[..(int)(bytes.Length * share)]);
                PunaProcess.Refusal("run", target, "--ids", "1", "-n", "1");
            }
        }
    }

    [Fact]
    public void A_file_of_another_kind_is_refused()
    {
        var target = Path.Combine(_folder, "page.gguf");
        File.WriteAllText(
            target,
            "<html>This is no model, but a page that says so at some length.</html>"
        );
        PunaProcess.Refusal("run", target, "--ids", "1");
        PunaProcess.Refusal("tokenize", target, "hello");
        PunaProcess.Refusal("inspect", target);
    }

    [Fact]
    public void An_empty_folder_is_refused() =>
        Assert.Contains(
            "config.json",
            PunaProcess.Refusal("inspect", _folder),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_lattice_type_is_refused_by_name() =>
        Assert.Contains(
            "IQ3_S",
            PunaProcess.Refusal("run", SharedData.Path("gguf-types", "iq3_s.gguf"), "--ids", "1"),
            StringComparison.OrdinalIgnoreCase
        );

    [Fact]
    public void A_template_that_never_ends_is_refused()
    {
        var template = Path.Combine(_folder, "endless.jinja");
        File.WriteAllText(
            template,
            "{% for a in range(99999) %}{% for b in range(99999) %}{{ a * b }}{% endfor %}{% endfor %}"
        );
        var messages = Path.Combine(_folder, "messages.json");
        File.WriteAllText(messages, """[{"role": "user", "content": "hello"}]""");
        PunaProcess.Refusal("template", "render", template, messages);
    }

    [Fact]
    public void A_template_that_nests_too_deep_is_refused()
    {
        var template = Path.Combine(_folder, "deep.jinja");
        File.WriteAllText(
            template,
            "{{ " + new string('(', 100000) + "1" + new string(')', 100000) + " }}"
        );
        var messages = Path.Combine(_folder, "messages.json");
        File.WriteAllText(messages, """[{"role": "user", "content": "hello"}]""");
        PunaProcess.Refusal("template", "render", template, messages);
    }

    [Fact]
    public void A_model_without_a_tokenizer_takes_only_ids()
    {
        var model = Path.Combine(_folder, "alone.bin");
        File.Copy(Stories, model);
        Assert.Contains(
            "--ids",
            PunaProcess.Refusal("run", model, "hello"),
            StringComparison.Ordinal
        );
        var result = PunaProcess.Run(["run", model, "--ids", "1", "-n", "3", "--temp", "0"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("403 407 261", result.Output.Trim());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IEnumerable<(string Name, string Source)> Models() =>
        [
            ("model.bin", Stories),
            ("model-v1.bin", SharedData.Path("weights", "stories260K", "stories260K.v1.bin")),
            ("model-q8.bin", SharedData.Path("weights", "stories260K", "stories260K-q8.bin")),
            ("model.gguf", SharedData.Path("gguf-types", "q4_k.gguf")),
        ];
}
