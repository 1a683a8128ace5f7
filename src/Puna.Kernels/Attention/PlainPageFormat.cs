using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// One code for each number and nothing else. Keys are channel-major, [d][32]: one vector load brings one channel of
/// many slots. Values are slot-major, [32][d].
/// </summary>
/// <typeparam name="TCode">The code of a number.</typeparam>
internal abstract unsafe class PlainPageFormat<TCode>(string id, string name, ushort number)
    : KvSlotFormat(id, name, number)
    where TCode : unmanaged
{
    // Channels encoded at a time on the stack, for keys, whose channels do not lie side by side in the page.
    private const int Block = 128;

    /// <inheritdoc/>
    public override int KeyBytes(int headDim) =>
        Slots * PageChecks.HeadDim(headDim) * sizeof(TCode);

    /// <inheritdoc/>
    public override int ValueBytes(int headDim) => KeyBytes(headDim);

    /// <inheritdoc/>
    public override void WidenKeys(NativeSpan<byte> page, int headDim, NativeSpan<float> to)
    {
        PageChecks.Widening(page, KeyBytes(headDim), headDim, to);
        Decode((TCode*)page.Pointer, to.Pointer, Slots * headDim);
    }

    /// <inheritdoc/>
    public override void WidenValues(NativeSpan<byte> page, int headDim, NativeSpan<float> to) =>
        WidenKeys(page, headDim, to);

    /// <inheritdoc/>
    public override void WriteKeys(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    )
    {
        PageChecks.Slots(page, KeyBytes(headDim), firstSlot, count);
        PageChecks.Rows(rows, headDim, count, rowStride);
        var column = (TCode*)page.Pointer + firstSlot;
        for (var index = 0; index < count; index++)
        {
            EncodeColumn(rows.Pointer + index * rowStride, column + index, headDim);
        }
    }

    /// <inheritdoc/>
    public override void WriteValues(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    )
    {
        PageChecks.Slots(page, ValueBytes(headDim), firstSlot, count);
        PageChecks.Rows(rows, headDim, count, rowStride);
        var value = (TCode*)page.Pointer + (long)firstSlot * headDim;
        for (var index = 0; index < count; index++, value += headDim)
        {
            Encode(rows.Pointer + index * rowStride, value, headDim);
        }
    }

    /// <inheritdoc/>
    public override void CopyKey(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    )
    {
        PageChecks.Slots(from, KeyBytes(headDim), fromSlot, 1);
        PageChecks.Slots(to, KeyBytes(headDim), toSlot, 1);
        PageColumns.Copy((TCode*)from.Pointer + fromSlot, (TCode*)to.Pointer + toSlot, headDim);
    }

    /// <inheritdoc/>
    public override void CopyValue(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    )
    {
        PageChecks.Slots(from, ValueBytes(headDim), fromSlot, 1);
        PageChecks.Slots(to, ValueBytes(headDim), toSlot, 1);
        var bytes = (long)headDim * sizeof(TCode);
        Buffer.MemoryCopy(
            from.Pointer + fromSlot * bytes,
            to.Pointer + toSlot * bytes,
            bytes,
            bytes
        );
    }

    /// <summary>Codes of neighbouring numbers.</summary>
    protected abstract void Encode(float* from, TCode* to, int count);

    /// <summary>Numbers of neighbouring codes.</summary>
    protected abstract void Decode(TCode* from, float* to, int count);

    /// <summary>Codes of a key, <see cref="KvPageRef.Slots"/> codes apart.</summary>
    protected virtual void EncodeColumn(float* key, TCode* column, int headDim)
    {
        var codes = stackalloc TCode[Block];
        for (var channel = 0; channel < headDim; channel += Block)
        {
            var count = Math.Min(Block, headDim - channel);
            Encode(key + channel, codes, count);
            PageColumns.Scatter(codes, column + channel * Slots, count);
        }
    }
}
