using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// How the keys and values of a page of 32 slots of one (bank, head) are stored. A page holds whatever bytes its format
/// says, and nobody but the format looks into them: attention reads a page of any format by widening it, exactly but
/// slowly. One that also stores slot by slot is a <see cref="KvSlotFormat"/>. Formats are compared by reference.
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

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>The format that a page reference names.</summary>
    internal static KvPageFormat Numbered(ushort number) =>
        number < KvPageFormats.Count
            ? KvPageFormats.All[number]
            : Volatile.Read(ref s_others)[number - KvPageFormats.Count];
}
