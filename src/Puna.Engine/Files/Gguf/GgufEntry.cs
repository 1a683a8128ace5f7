namespace Puna.Engine.Files.Gguf;

/// <summary>One metadata entry of a GGUF file: where its value lies; the value is read when asked for.</summary>
/// <param name="Key">The key, e.g. <c>llama.block_count</c>.</param>
/// <param name="Type">Type of the value.</param>
/// <param name="ElementType">Type of the elements of an array; else equal to <paramref name="Type"/>.</param>
/// <param name="Count">Elements of an array; else 1.</param>
/// <param name="Offset">Where the value starts in the file, behind its type (and behind an array's element type and count).</param>
/// <param name="Length">Bytes of the value from there.</param>
internal sealed record GgufEntry(
    string Key,
    GgufValueType Type,
    GgufValueType ElementType,
    int Count,
    int Offset,
    int Length
)
{
    /// <summary>True for an array.</summary>
    public bool IsArray => Type == GgufValueType.Array;
}
