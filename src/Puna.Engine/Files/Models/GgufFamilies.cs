namespace Puna.Engine.Files.Models;

/// <summary>The architectures of GGUF that can be read and written.</summary>
internal static class GgufFamilies
{
    /// <summary>SmolLM3: every fourth layer does not rotate; the architecture implies it, no key says so.</summary>
    public const int SmolLm3NoRopeInterval = 4;

    /// <summary>By general.architecture; Mistral's files say llama.</summary>
    public static IReadOnlyList<string> All { get; } =
    ["llama", "qwen2", "qwen3", "smollm3", "granite"];

    /// <summary>True where files hold the rows of q and k interleaved.</summary>
    public static bool InterleavesRotaryRows(string architecture) =>
        architecture is "llama" or "smollm3" or "granite";
}
