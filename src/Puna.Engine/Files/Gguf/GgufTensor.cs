using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Gguf;

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Name">The name in the file, e.g. <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Shape">Shape, slowest dimension first (GGUF itself writes the fastest first).</param>
/// <param name="Type">Coding of the elements.</param>
/// <param name="Offset">Where its bytes start in the file.</param>
/// <param name="Length">How many bytes it has.</param>
internal sealed record GgufTensor(
    string Name,
    IReadOnlyList<long> Shape,
    GgufTensorType Type,
    long Offset,
    long Length
)
{
    /// <summary>The coding as weights have it, or null when it cannot be decoded.</summary>
    public WeightFormat? Format => Type.Format;
}
