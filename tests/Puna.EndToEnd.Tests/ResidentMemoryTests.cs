using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>The line of the readme: weights, keys and values, and 64 MB.</summary>
[Trait("speed", "slow")]
public sealed class ResidentMemoryTests
{
    private const long Beside = 64_000_000;

    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Fact]
    public void A_long_answer_keeps_one_copy_of_the_weights_and_little_beside_it()
    {
        var weights = PunaProcess.Json("inspect", DefaultModel).GetProperty("bytes").GetInt64();
        var result = PunaProcess.Json(
            "run",
            "Tell me a long story.",
            "-n",
            "400",
            "--temp",
            "0",
            "--logit-bias",
            "2:-1000",
            "--logit-bias",
            "0:-1000"
        );
        Assert.Equal(400, result.GetProperty("ids").GetArrayLength());
        var resident = result.GetProperty("resident_bytes").GetInt64();
        var cached = result.GetProperty("kv_bytes").GetInt64();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"resident {resident}, weights {weights}, kv {cached}, beside {resident - weights - cached}"
        );
        Assert.InRange(resident, weights + cached, weights + cached + Beside);
    }
}
