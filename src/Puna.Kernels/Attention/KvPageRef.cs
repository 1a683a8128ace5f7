using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// What the attention kernel sees of one page of 32 slots of one (owner layer, KV head): where its keys and values
/// lie, which slots count, and the position of each.
/// </summary>
public readonly struct KvPageRef
{
    /// <summary>Slots in a page.</summary>
    public const int Slots = 32;

    /// <summary>Makes a reference.</summary>
    public KvPageRef(
        NativeSpan<byte> keys,
        NativeSpan<byte> values,
        NativeSpan<int> positions,
        uint valid,
        int offset,
        int offsetGroup
    )
    {
        Keys = keys;
        Values = values;
        Positions = positions;
        Valid = valid;
        Offset = offset;
        OffsetGroup = offsetGroup;
    }

    /// <summary>Keys in the layout of <see cref="KvPageLayout"/>.</summary>
    public NativeSpan<byte> Keys { get; }

    /// <summary>Values in the layout of <see cref="KvPageLayout"/>.</summary>
    public NativeSpan<byte> Values { get; }

    /// <summary>Position at which each slot's key was rotated, [32].</summary>
    public NativeSpan<int> Positions { get; }

    /// <summary>Bit s is set when slot s holds a key that may be attended to.</summary>
    public uint Valid { get; }

    /// <summary>Added to a stored position to give the effective one.</summary>
    public int Offset { get; }

    /// <summary>Which rotated copy of the queries fits <see cref="Offset"/>: 0 is the one for offset 0.</summary>
    public int OffsetGroup { get; }

    /// <summary>The same page with those slots only that are valid and in the mask.</summary>
    public KvPageRef Narrow(uint slots) =>
        new(Keys, Values, Positions, Valid & slots, Offset, OffsetGroup);
}
