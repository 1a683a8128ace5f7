namespace Puna.Engine.Files.Safetensors;

/// <summary>A tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="TypeId">Type of the elements as the file spells it.</param>
/// <param name="Shape">Shape, slowest dimension first; empty for a single number.</param>
/// <param name="Offset">Where its bytes start in the file.</param>
/// <param name="Length">How many bytes it has.</param>
internal sealed record SafetensorsTensor(
    string Name,
    string TypeId,
    IReadOnlyList<long> Shape,
    long Offset,
    long Length
)
{
    /// <summary>Type of the elements, or null when it is none that can be read (such as F8_E4M3).</summary>
    public SafetensorsType? Type => SafetensorsTypes.Parse(TypeId);
}
