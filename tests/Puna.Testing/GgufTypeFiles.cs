namespace Puna.Testing;

/// <summary>The data's small model in every GGUF type, and in the mixes of llama.cpp.</summary>
public static class GgufTypeFiles
{
    /// <summary>The types as the files are named.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "f32",
        "f16",
        "bf16",
        "q8_0",
        "q4_0",
        "q4_1",
        "q5_0",
        "q5_1",
        "q2_k",
        "q3_k",
        "q4_k",
        "q5_k",
        "q6_k",
        "iq4_nl",
        "iq4_xs",
        "tq1_0",
        "tq2_0",
        "mxfp4_moe",
        "q3_k_m",
        "q4_k_m",
        "q5_k_m",
    ];
}
