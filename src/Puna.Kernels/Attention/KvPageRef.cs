using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// What the attention kernel sees of one page of 32 slots of one (owner layer, KV head): where its keys and values
/// lie and how each are stored, which slots count, and the position of each.
/// </summary>
public readonly struct KvPageRef
{
    /// <summary>Slots in a page.</summary>
    public const int Slots = 32;

    /// <summary>Makes a reference.</summary>
    public KvPageRef(
        NativeSpan<byte> keys,
        NativeSpan<byte> values,
        KvPageFormat keyFormat,
        KvPageFormat valueFormat,
        NativeSpan<int> positions,
        uint valid,
        int offset,
        int offsetGroup
    )
    {
        Keys = keys;
        Values = values;
        KeyNumber = keyFormat.Number;
        ValueNumber = valueFormat.Number;
        Positions = positions;
        Valid = valid;
        Offset = offset;
        OffsetGroup = offsetGroup;
    }

    /// <summary>Keys as <see cref="KeyFormat"/> stores them.</summary>
    public NativeSpan<byte> Keys { get; }

    /// <summary>Values as <see cref="ValueFormat"/> stores them.</summary>
    public NativeSpan<byte> Values { get; }

    /// <summary>Position at which each slot's key was rotated, [32].</summary>
    public NativeSpan<int> Positions { get; }

    /// <summary>Bit s is set when slot s holds a key that may be attended to.</summary>
    public uint Valid { get; init; }

    /// <summary>Added to a stored position to give the effective one.</summary>
    public int Offset { get; init; }

    /// <summary>Which rotated copy of the queries fits <see cref="Offset"/>: 0 is the one for offset 0.</summary>
    public int OffsetGroup { get; init; }

    /// <summary>Storage of the keys.</summary>
    public KvPageFormat KeyFormat => KvPageFormat.Numbered(KeyNumber);

    /// <summary>Storage of the values.</summary>
    public KvPageFormat ValueFormat => KvPageFormat.Numbered(ValueNumber);

    /// <summary><see cref="KvPageFormat.Number"/> of the keys.</summary>
    internal ushort KeyNumber { get; }

    /// <summary><see cref="KvPageFormat.Number"/> of the values.</summary>
    internal ushort ValueNumber { get; }

    /// <summary>The same page with those slots only that are valid and in the mask.</summary>
    public KvPageRef Narrow(uint slots) => this with { Valid = Valid & slots };
}
