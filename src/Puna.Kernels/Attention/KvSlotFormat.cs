using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// A format that codes each slot by itself: single ones can be stored and copied, as the growing end of a sequence needs.
/// </summary>
public abstract class KvSlotFormat : KvPageFormat
{
    /// <inheritdoc/>
    protected KvSlotFormat(string id, string name)
        : base(id, name) { }

    /// <inheritdoc/>
    private protected KvSlotFormat(string id, string name, ushort number)
        : base(id, name, number) { }

    /// <summary>
    /// Stores <paramref name="count"/> keys in neighbouring slots. Each is coded by itself: what a page holds does not
    /// depend on how many were written at a time.
    /// </summary>
    /// <param name="page">The page's keys, <see cref="KvPageFormat.KeyBytes"/>.</param>
    /// <param name="headDim">d.</param>
    /// <param name="firstSlot">Slot of the first key.</param>
    /// <param name="count">Keys to store.</param>
    /// <param name="rows">The keys: d numbers each, <paramref name="rowStride"/> numbers apart.</param>
    /// <param name="rowStride">Distance from one key to the next, in numbers.</param>
    public abstract void WriteKeys(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    );

    /// <summary>Stores <paramref name="count"/> values in neighbouring slots, under the rules of <see cref="WriteKeys"/>.</summary>
    /// <param name="page">The page's values, <see cref="KvPageFormat.ValueBytes"/>.</param>
    /// <param name="headDim">d.</param>
    /// <param name="firstSlot">Slot of the first value.</param>
    /// <param name="count">Values to store.</param>
    /// <param name="rows">The values: d numbers each, <paramref name="rowStride"/> numbers apart.</param>
    /// <param name="rowStride">Distance from one value to the next, in numbers.</param>
    public abstract void WriteValues(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    );

    /// <summary>Copies a key bit for bit to a slot of the same or of another page of this format.</summary>
    public abstract void CopyKey(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    );

    /// <summary>Copies a value bit for bit to a slot of the same or of another page of this format.</summary>
    public abstract void CopyValue(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    );
}
