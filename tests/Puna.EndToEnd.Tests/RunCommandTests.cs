using System.Text.Json;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

public sealed class RunCommandTests
{
    private const string Story =
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. "
        + "One day, she saw a big, red ball. She wanted to play with it, but it was too high.\nLily";

    private static string Stories => SharedData.Path("weights", "stories260K", "stories260K.bin");

    [Fact]
    public void Ids_in_give_the_recorded_ids_and_text_out()
    {
        var result = PunaProcess.Json(
            "run",
            Stories,
            "--ids",
            "1",
            "-n",
            "64",
            "--temp",
            "0",
            "--activations",
            "f32"
        );
        Assert.Equal([1], Ids(result, "prompt_ids"));
        var ids = Ids(result, "ids");
        Assert.Equal(64, ids.Length);
        Assert.Equal([403, 407, 261], ids[..3]);
        Assert.Equal(310, ids[^1]);
        Assert.Equal(Story, result.GetProperty("text").GetString());
        Assert.Equal("length", result.GetProperty("stop_reason").GetString());
        Assert.True(result.GetProperty("prompt_tokens_per_second").GetDouble() > 0);
        Assert.True(result.GetProperty("decode_tokens_per_second").GetDouble() > 0);
        Assert.True(result.GetProperty("time_to_first_token_ms").GetDouble() > 0);
        Assert.True(result.GetProperty("resident_bytes").GetInt64() > 0);
        Assert.True(result.GetProperty("kv_bytes").GetInt64() > 0);
    }

    [Fact]
    public void A_raw_prompt_gets_bos_where_the_tokenizer_says_so_and_streams_its_continuation()
    {
        var result = PunaProcess.Run([
            "run",
            Stories,
            "Once upon a time",
            "--raw",
            "-n",
            "60",
            "--temp",
            "0",
            "--activations",
            "f32",
        ]);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(Story["Once upon a time".Length..], result.Output.TrimEnd('\n'));
        Assert.Contains("tokens/s", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_prompt_may_come_from_standard_input()
    {
        var result = PunaProcess.Run(
            ["run", Stories, "-", "--raw", "-n", "5", "--temp", "0", "--json"],
            "Once upon a time"
        );
        Assert.Equal(0, result.ExitCode);
        using var document = JsonDocument.Parse(result.Output);
        Assert.Equal([1, 403, 407, 261, 378], Ids(document.RootElement, "prompt_ids"));
    }

    [Fact]
    public void The_default_model_answers_a_question()
    {
        var result = PunaProcess.Json(
            "run",
            "What is the capital of France?",
            "-n",
            "20",
            "--temp",
            "0",
            "--activations",
            "f32"
        );
        Assert.Equal([504, 3575, 282, 4649, 314, 7042, 30, 2], Ids(result, "ids"));
        Assert.Equal("The capital of France is Paris.", result.GetProperty("text").GetString());
        Assert.Equal("stop_id", result.GetProperty("stop_reason").GetString());
    }

    [Fact]
    public void A_system_text_replaces_the_templates_own()
    {
        var plain = PunaProcess.Json("run", "Hello", "-n", "1", "--temp", "0");
        var own = PunaProcess.Json(
            "run",
            "Hello",
            "-n",
            "1",
            "--temp",
            "0",
            "--system",
            "You are a pirate."
        );
        Assert.NotEqual(Ids(plain, "prompt_ids"), Ids(own, "prompt_ids"));
    }

    [Fact]
    public void The_same_seed_gives_the_same_text_and_another_seed_another()
    {
        int[] Generate(string seed) =>
            Ids(
                PunaProcess.Json(
                    "run",
                    Stories,
                    "--ids",
                    "1",
                    "-n",
                    "40",
                    "--temp",
                    "1.2",
                    "--seed",
                    seed
                ),
                "ids"
            );

        var first = Generate("7");
        Assert.Equal(first, Generate("7"));
        Assert.NotEqual(first, Generate("8"));
    }

    [Fact]
    public void A_stop_text_ends_the_answer_before_itself()
    {
        var result = PunaProcess.Json(
            "run",
            Stories,
            "--ids",
            "1",
            "-n",
            "64",
            "--temp",
            "0",
            "--activations",
            "f32",
            "--stop",
            "Lily. She"
        );
        Assert.Equal(
            "Once upon a time, there was a little girl named ",
            result.GetProperty("text").GetString()
        );
        Assert.Equal("stop_text", result.GetProperty("stop_reason").GetString());
    }

    [Fact]
    public void A_logit_bias_can_force_a_token()
    {
        var result = PunaProcess.Json(
            "run",
            Stories,
            "--ids",
            "1",
            "-n",
            "3",
            "--temp",
            "0",
            "--logit-bias",
            "400:1000"
        );
        Assert.Equal([400, 400, 400], Ids(result, "ids"));
    }

    [Fact]
    public void Every_cache_format_runs()
    {
        foreach (var format in (string[])["f32", "f16", "bf16", "int8"])
        {
            var result = PunaProcess.Json(
                "run",
                Stories,
                "--ids",
                "1",
                "-n",
                "8",
                "--temp",
                "0",
                "--kv-format",
                format
            );
            Assert.Equal([403, 407, 261, 378], Ids(result, "ids")[..4]);
        }
    }

    private static int[] Ids(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
