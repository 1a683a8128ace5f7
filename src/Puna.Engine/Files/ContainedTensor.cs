namespace Puna.Engine.Files;

/// <summary>A tensor as a file describes it, whether it can be decoded or not.</summary>
/// <param name="Name">The name in Hugging Face's spelling when it is known; else the file's own.</param>
/// <param name="StoredName">The name in the file.</param>
/// <param name="Format">Coding of the elements: a format's id, or the file's own name of another type.</param>
/// <param name="Shape">Shape, slowest dimension first.</param>
/// <param name="Bytes">Bytes in the file.</param>
public sealed record ContainedTensor(
    string Name,
    string StoredName,
    string Format,
    IReadOnlyList<long> Shape,
    long Bytes
)
{
    /// <summary>Number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);
}
