namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// How one block of a format turns into f32. Implemented by empty structs, so that a loop over blocks is compiled for
/// each format with no call through a table. Spans arrive with exactly the block's bytes and elements.
/// </summary>
internal interface IBlockCodec
{
    /// <summary>Elements of a block.</summary>
    static abstract int BlockSize { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Decodes a block, with the rounding steps of ggml's reference: bit for bit its f32 values.</summary>
    static abstract void Decode(ReadOnlySpan<byte> block, Span<float> values);

    /// <summary>False when a scale of the block is NaN or infinite.</summary>
    static abstract bool HasFiniteScales(ReadOnlySpan<byte> block);

    /// <summary>
    /// Writes the block's scale, and its minimum so that the values are centred on zero; codes and sub-scales stay.
    /// </summary>
    static abstract void SetScale(Span<byte> block, float scale);

    /// <summary>Replaces codes that no encoder would write, in a block of random bytes.</summary>
    static virtual void RepairCodes(Span<byte> block) { }
}
