using System.Text.Json;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>inspect, plan cost, convert, new and eval as processes.</summary>
public sealed class ModelCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("puna-models-").FullName;

    private static string Stories => SharedData.Path("weights", "stories260K", "stories260K.bin");

    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Fact]
    public void Inspect_tells_what_is_in_the_default_model()
    {
        var model = PunaProcess.Json("inspect", DefaultModel);
        Assert.Equal(134515008, model.GetProperty("parameters").GetInt64());
        Assert.Equal(30, model.GetProperty("plan").GetProperty("layers").GetInt32());
        Assert.Equal(272, model.GetProperty("tensors").GetArrayLength());
        Assert.Equal(
            1,
            model.GetProperty("formats").GetProperty("q8_0").GetProperty("tensors").GetInt32()
        );
        Assert.Contains(
            "smollm",
            PunaProcess.Run(["inspect", DefaultModel]).Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Plan_cost_gives_exact_bytes_and_flops()
    {
        var cost = PunaProcess.Json("plan", "cost", DefaultModel, "--ctx", "1024");
        Assert.Equal(134515008, cost.GetProperty("parameters").GetInt64());
        // 30 banks, keys and values, 3 heads of 64, two bytes.
        Assert.Equal(
            30 * 2 * 3 * 64 * 2,
            cost.GetProperty("kv_bytes_per_token").GetProperty("f16").GetInt64()
        );
        Assert.Equal(
            30L * 2 * 3 * 64 * 2 * 1024,
            cost.GetProperty("kv_bytes").GetProperty("f16").GetInt64()
        );
        const long Linear = 30L * (2 * 576 * 576 + 2 * 192 * 576 + 3 * 576 * 1536) + 576L * 49152;
        Assert.Equal(
            2.0 * Linear + 30 * 4.0 * 576 * 1024,
            cost.GetProperty("decode_flops_per_token").GetDouble()
        );
    }

    [Theory]
    [InlineData("f32", "model.gguf")]
    [InlineData("f16", "model.gguf")]
    [InlineData("bf16", "model.safetensors")]
    [InlineData("f32", "directory")]
    [InlineData("q8_0", "model.gguf")]
    public void A_converted_model_generates_the_same_text(string format, string name)
    {
        var target = Path.Combine(_folder, name);
        var conversion = PunaProcess.Run(["convert", Stories, target, "--format", format]);
        Assert.True(conversion.ExitCode == 0, conversion.Error);
        string[] arguments = ["--ids", "1", "-n", "20", "--temp", "0", "--activations", "f32"];
        var expected = PunaProcess
            .Json(["run", Stories, .. arguments])
            .GetProperty("ids")
            .GetRawText();
        Assert.Equal(
            expected,
            PunaProcess.Json(["run", target, .. arguments]).GetProperty("ids").GetRawText()
        );
    }

    [Fact]
    public void Rows_that_a_format_does_not_divide_are_named_in_the_summary()
    {
        var target = Path.Combine(_folder, "model.gguf");
        var result = PunaProcess.Run(["convert", Stories, target, "--format", "q4_k"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("q8_0", result.Output + result.Error, StringComparison.Ordinal);
        Assert.Contains("f16", result.Output + result.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(target));
    }

    [Fact]
    public void A_dry_run_lists_every_tensor_and_writes_nothing()
    {
        var target = Path.Combine(_folder, "model.gguf");
        string[] arguments = ["--format", "q4_0", "--tensor-type", "*ffn_down*=f32"];
        var plan = PunaProcess.Json(["convert", Stories, target, .. arguments, "--dry-run"]);
        Assert.False(File.Exists(target));
        var tensors = plan.GetProperty("tensors").EnumerateArray().ToList();
        Assert.Equal(
            plan.GetProperty("bytes").GetInt64(),
            tensors.Sum(tensor => tensor.GetProperty("bytes").GetInt64())
        );
        Assert.Equal("f32", Format("blk.1.ffn_down.weight"));
        Assert.Equal("q8_0", Format("token_embd.weight"));
        Assert.Equal("q4_0", Format("blk.1.attn_q.weight"));
        Assert.Equal(0, PunaProcess.Run(["convert", Stories, target, .. arguments]).ExitCode);
        Assert.InRange(
            new FileInfo(target).Length,
            plan.GetProperty("bytes").GetInt64(),
            long.MaxValue
        );

        string? Format(string name) =>
            tensors
                .Single(tensor => tensor.GetProperty("name").GetString() == name)
                .GetProperty("format")
                .GetString();
    }

    [Fact]
    public void A_random_model_of_a_preset_shape_runs()
    {
        var target = Path.Combine(_folder, "random.gguf");
        var made = PunaProcess.Run([
            "new",
            "stories-15m",
            target,
            "--format",
            "q4_0",
            "--seed",
            "3",
        ]);
        Assert.True(made.ExitCode == 0, made.Error);
        var again = Path.Combine(_folder, "again.gguf");
        Assert.Equal(
            0,
            PunaProcess
                .Run(["new", "stories-15m", again, "--format", "q4_0", "--seed", "3"])
                .ExitCode
        );
        Assert.Equal(File.ReadAllBytes(target), File.ReadAllBytes(again));
        var result = PunaProcess.Json("run", target, "--ids", "1,2,3", "-n", "4", "--temp", "0");
        Assert.Equal(4, result.GetProperty("ids").GetArrayLength());
    }

    [Fact]
    public void An_unknown_shape_gets_the_nearest_one() =>
        Assert.Contains(
            "tinyllama-1.1b",
            PunaProcess.Refusal("new", "tinylama-1.1b", Path.Combine(_folder, "x.gguf")),
            StringComparison.Ordinal
        );

    [Fact]
    public void Perplexity_of_the_snippet_is_the_recorded_one()
    {
        var result = PunaProcess.Json(
            "eval",
            "perplexity",
            Stories,
            SharedData.Path("text", "snippet-nll.txt"),
            "--bos",
            "--activations",
            "f32"
        );
        Assert.Equal(348, result.GetProperty("predictions").GetInt32());
        Assert.Equal(2.038695, result.GetProperty("mean_nll").GetDouble(), Tolerance.NllPrinted);
        Assert.Equal(
            Math.Exp(result.GetProperty("mean_nll").GetDouble()),
            result.GetProperty("perplexity").GetDouble(),
            12
        );
    }

    [Fact]
    public void Logits_are_written_for_other_tools_to_read()
    {
        var target = Path.Combine(_folder, "logits.safetensors");
        var result = PunaProcess.Run([
            "eval",
            "logits",
            Stories,
            "--ids",
            "1,403,407",
            "--out",
            target,
            "--activations",
            "f32",
        ]);
        Assert.True(result.ExitCode == 0, result.Error);
        var bytes = File.ReadAllBytes(target);
        var length = (int)BitConverter.ToUInt64(bytes);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, length));
        var logits = header.RootElement.GetProperty("logits");
        Assert.Equal("F32", logits.GetProperty("dtype").GetString());
        Assert.Equal("[3,512]", logits.GetProperty("shape").GetRawText());
        Assert.Equal(8 + length + 3 * 512 * 4, bytes.Length);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
