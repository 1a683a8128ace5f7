using System.Text.Json;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary><c>puna bench</c> as a process: its rows and refusals, never how fast they are.</summary>
[Trait("speed", "slow")]
public sealed class BenchCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_default_model_gives_the_machine_and_a_row_for_each_test()
    {
        var result = PunaProcess.Json("bench", "-p", "8", "-n", "4", "--repeat", "2");
        CheckMachine(result.GetProperty("machine"));
        Assert.Equal("int8", result.GetProperty("model").GetProperty("activations").GetString());
        var rows = result.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(["pp 8 1 0", "tg 4 1 0"], rows.Select(Key));
        Assert.Empty(rows[0].GetProperty("read_bytes_per_second").EnumerateArray());
        Assert.Equal(2, rows[1].GetProperty("read_bytes_per_second").GetArrayLength());
        foreach (var row in rows)
        {
            var rate = row.GetProperty("tokens_per_second").GetDouble();
            var samples = row.GetProperty("samples").EnumerateArray().Select(s => s.GetDouble());
            Assert.Equal(samples.Average(), rate, rate * 1e-9);
            Assert.Equal(
                (samples.Max() - samples.Min()) / rate,
                row.GetProperty("spread").GetDouble(),
                1e-9
            );
            Assert.True(row.GetProperty("bytes_per_second").GetDouble() > 0);
            Assert.True(row.GetProperty("share_of_limit").GetDouble() > 0);
        }
    }

    [Fact]
    public void Every_batch_and_depth_is_a_row_and_zero_tokens_are_none()
    {
        var result = PunaProcess.Json([
            "bench",
            Tiny(),
            "-p",
            "0",
            "-n",
            "3",
            "-b",
            "1,2",
            "--depth",
            "0,64",
            "--repeat",
            "1",
            "--no-limits",
        ]);
        Assert.Equal(
            JsonValueKind.Null,
            result.GetProperty("machine").GetProperty("fma_flops").ValueKind
        );
        Assert.Equal(
            ["tg 3 1 0", "tg 3 2 0", "tg 3 1 64", "tg 3 2 64"],
            result.GetProperty("rows").EnumerateArray().Select(Key)
        );
    }

    [Fact]
    public void Without_json_it_is_a_table()
    {
        var result = PunaProcess.Run(["bench", Tiny(), "-p", "4", "-n", "2", "--repeat", "1"]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("GB/s", result.Output, StringComparison.Ordinal);
        Assert.Contains("\ntg 2\t", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-p", "x", "'x'")]
    [InlineData("-b", "1,,2", "''")]
    [InlineData("-b", "0", "-b is 0")]
    [InlineData("--depth", "513", "--depth is 513")]
    [InlineData("--depth", "-1", "--depth is -1")]
    [InlineData("--repeat", "0", "--repeat is 0")]
    [InlineData("--repeat", "x", "--repeat")]
    [InlineData("--bacht", "2", "--batch")]
    [InlineData("--kv-format", "q4", "f32, f16, bf16 or int8")]
    public void An_option_out_of_range_is_named_with_what_would_be_accepted(
        string option,
        string value,
        string sentence
    ) =>
        Assert.Contains(
            sentence,
            PunaProcess.Refusal("bench", Tiny(), option, value),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_bench_of_nothing_is_refused() =>
        Assert.Contains(
            "nothing to measure",
            PunaProcess.Refusal("bench", "-p", "0", "-n", "0"),
            StringComparison.Ordinal
        );

    [Fact]
    public void Kernels_are_chosen_by_name_and_stand_beside_their_floor()
    {
        var result = PunaProcess.Json("bench", "kernels", "--filter", "rope", "--repeat", "2");
        CheckMachine(result.GetProperty("machine"));
        var rows = result.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(2, rows.Count);
        foreach (var row in rows)
        {
            Assert.StartsWith(
                "rope ",
                row.GetProperty("kernel").GetString()!,
                StringComparison.Ordinal
            );
            var seconds = row.GetProperty("seconds").GetDouble();
            Assert.Equal(
                row.GetProperty("floor_seconds").GetDouble() / seconds,
                row.GetProperty("share_of_floor").GetDouble(),
                1e-9
            );
            Assert.Equal("cache read", row.GetProperty("limit").GetString());
        }
    }

    [Fact]
    public void Unknown_kernels_get_the_nearest_name() =>
        Assert.Contains(
            "attention",
            PunaProcess.Refusal("bench", "kernels", "--filter", "atention"),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_mistyped_kind_of_bench_gets_the_nearest_name() =>
        Assert.Contains(
            "kernels",
            PunaProcess.Refusal("bench", "kernel"),
            StringComparison.Ordinal
        );

    public void Dispose() => _folder.Dispose();

    private static string Key(JsonElement row) =>
        $"{row.GetProperty("test").GetString()} {row.GetProperty("tokens")} {row.GetProperty("batch")} {row.GetProperty("depth")}";

    private static void CheckMachine(JsonElement machine)
    {
        Assert.NotEqual("", machine.GetProperty("processor").GetString());
        Assert.Equal(Environment.ProcessorCount, machine.GetProperty("threads").GetInt32());
        Assert.True(machine.GetProperty("read_bytes_per_second").GetDouble() > 0);
        Assert.True(machine.GetProperty("fma_flops").GetDouble() > 0);
        Assert.True(machine.GetProperty("int8_operations_per_second").GetDouble() > 0);
    }

    private string Tiny()
    {
        var path = _folder["tiny.gguf"];
        var made = PunaProcess.Run(["new", "stories-260k", path, "--format", "q8_0"]);
        Assert.True(made.ExitCode == 0, made.Error);
        return path;
    }
}
