namespace Puna.Engine.Files.Safetensors;

/// <summary>A tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Type of the elements.</param>
/// <param name="Shape">Shape, slowest dimension first; empty for a single number.</param>
/// <param name="Offset">Where its bytes start in the file.</param>
/// <param name="Length">How many bytes it has.</param>
internal sealed record SafetensorsTensor(
    string Name,
    SafetensorsType Type,
    IReadOnlyList<long> Shape,
    long Offset,
    long Length
);
