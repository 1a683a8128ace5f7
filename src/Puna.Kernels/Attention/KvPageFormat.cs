using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// How the keys and values of a page of 32 slots of one (bank, head) are stored. A page holds whatever bytes its format
/// says, and nobody but the format looks into them. Sizes and widening are mandatory: attention reads a page of any
/// format through them, exactly but slowly. A format that stores slot by slot, as the tail of a sequence needs, also
/// writes and copies them. Formats are compared by reference.
/// <para>
/// A page reference names its formats by number, since it lives in unmanaged memory: a format stays until the process
/// ends. Make one for each setting, not one for each page.
/// </para>
/// </summary>
public abstract class KvPageFormat
{
    /// <summary>Slots in a page.</summary>
    protected const int Slots = KvPageRef.Slots;

    private static readonly Lock s_lock = new();
    private static KvPageFormat[] s_others = [];

    /// <summary>Makes a format beside those of <see cref="KvPageFormats"/>.</summary>
    /// <param name="id">What people type, in lower case; snapshots name the format by it.</param>
    /// <param name="name">The name in messages.</param>
    /// <exception cref="InvalidOperationException">The process has made 65536 formats.</exception>
    protected KvPageFormat(string id, string name)
    {
        (Id, Name) = (id, name);
        lock (s_lock)
        {
            var number = KvPageFormats.Count + s_others.Length;
            if (number > ushort.MaxValue)
            {
                throw new InvalidOperationException(
                    $"A process has at most {ushort.MaxValue + 1} KV page formats; share one for all pages of a setting."
                );
            }

            Number = (ushort)number;
            Volatile.Write(ref s_others, [.. s_others, this]);
        }
    }

    /// <summary>Makes one of <see cref="KvPageFormats"/>, which stands there at its number.</summary>
    private protected KvPageFormat(string id, string name, ushort number) =>
        (Id, Name, Number) = (id, name, number);

    /// <summary>What people type.</summary>
    public string Id { get; }

    /// <summary>The name in messages.</summary>
    public string Name { get; }

    /// <summary>
    /// Whether <see cref="WriteKeys"/>, <see cref="WriteValues"/>, <see cref="CopyKey"/> and <see cref="CopyValue"/> work
    /// on single slots. A format that codes a page as a whole cannot hold the growing end of a sequence.
    /// </summary>
    public virtual bool WritesSlots => false;

    /// <summary>By what a <see cref="KvPageRef"/> names the format.</summary>
    internal ushort Number { get; }

    /// <summary>Bytes of the keys of a page, at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="headDim"/> is below 1.</exception>
    public abstract int KeyBytes(int headDim);

    /// <summary>Bytes of the values of a page, at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="headDim"/> is below 1.</exception>
    public abstract int ValueBytes(int headDim);

    /// <summary>
    /// The keys of a page as f32, channel-major [d][32]: the layout of an F32 page. All numbers are written; those of
    /// slots that were never stored, whose bytes may be anything, do not matter. Called by several threads at once.
    /// </summary>
    /// <param name="page">The page's keys, <see cref="KeyBytes"/>.</param>
    /// <param name="headDim">d.</param>
    /// <param name="to">[d][32].</param>
    public abstract void WidenKeys(NativeSpan<byte> page, int headDim, NativeSpan<float> to);

    /// <summary>The values of a page as f32, slot-major [32][d], under the rules of <see cref="WidenKeys"/>.</summary>
    /// <param name="page">The page's values, <see cref="ValueBytes"/>.</param>
    /// <param name="headDim">d.</param>
    /// <param name="to">[32][d].</param>
    public abstract void WidenValues(NativeSpan<byte> page, int headDim, NativeSpan<float> to);

    /// <summary>
    /// Stores <paramref name="count"/> keys in neighbouring slots. Each is coded by itself: what a page holds does not
    /// depend on how many were written at a time.
    /// </summary>
    /// <param name="page">The page's keys.</param>
    /// <param name="headDim">d.</param>
    /// <param name="firstSlot">Slot of the first key.</param>
    /// <param name="count">Keys to store.</param>
    /// <param name="rows">The keys: d numbers each, <paramref name="rowStride"/> numbers apart.</param>
    /// <param name="rowStride">Distance from one key to the next, in numbers.</param>
    /// <exception cref="NotSupportedException">The format does not store single slots.</exception>
    public virtual void WriteKeys(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    ) => throw WholePagesOnly();

    /// <summary>Stores <paramref name="count"/> values in neighbouring slots, under the rules of <see cref="WriteKeys"/>.</summary>
    /// <param name="page">The page's values.</param>
    /// <param name="headDim">d.</param>
    /// <param name="firstSlot">Slot of the first value.</param>
    /// <param name="count">Values to store.</param>
    /// <param name="rows">The values: d numbers each, <paramref name="rowStride"/> numbers apart.</param>
    /// <param name="rowStride">Distance from one value to the next, in numbers.</param>
    /// <exception cref="NotSupportedException">The format does not store single slots.</exception>
    public virtual void WriteValues(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    ) => throw WholePagesOnly();

    /// <summary>Copies a key bit for bit to a slot of the same or of another page of this format.</summary>
    /// <exception cref="NotSupportedException">The format does not store single slots.</exception>
    public virtual void CopyKey(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    ) => throw WholePagesOnly();

    /// <summary>Copies a value bit for bit to a slot of the same or of another page of this format.</summary>
    /// <exception cref="NotSupportedException">The format does not store single slots.</exception>
    public virtual void CopyValue(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    ) => throw WholePagesOnly();

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>The format that a page reference names.</summary>
    internal static KvPageFormat Numbered(ushort number) =>
        number < KvPageFormats.Count
            ? KvPageFormats.All[number]
            : Volatile.Read(ref s_others)[number - KvPageFormats.Count];

    private NotSupportedException WholePagesOnly() =>
        new($"The KV format {Id} codes a page as a whole; single slots cannot be stored in it.");
}
