using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Cache;

/// <summary>Stores rows of keys and values in the tail; a part does whole (page, head) cells, so parts never meet.</summary>
internal readonly struct KvWriteJob : IParallelJob
{
    // Below this many floats a wake-up of the workers costs more than the copy.
    private const long SmallWork = 1 << 14;
    private readonly KvSequence _sequence;
    private readonly int _bank;
    private readonly int _first;
    private readonly int _tokens;
    private readonly NativeSpan<float> _keys;
    private readonly long _keyStride;
    private readonly NativeSpan<float> _values;
    private readonly long _valueStride;
    private readonly int _heads;
    private readonly int _headDim;

    public KvWriteJob(
        KvSequence sequence,
        int bank,
        int first,
        int tokens,
        NativeSpan<float> keys,
        long keyStride,
        NativeSpan<float> values,
        long valueStride
    )
    {
        (_sequence, _bank, _first, _tokens) = (sequence, bank, first, tokens);
        (_keys, _keyStride, _values, _valueStride) = (keys, keyStride, values, valueStride);
        (_heads, _headDim, _) = sequence.Cache.Shape.Bank(bank);
        CheckRows(keys, keyStride, nameof(keys));
        CheckRows(values, valueStride, nameof(values));
    }

    public bool IsSmall => (long)_tokens * _heads * _headDim < SmallWork;

    public void Execute(int part, int parts)
    {
        // Heads of one lane lie in the same blocks: a run of slots is found once for all of them.
        var layout = _sequence.Cache.Layout;
        var (lanes, heads) = layout.IsPerHead ? (_heads, 1) : (1, _heads);
        var unit = 0;
        for (var group = 0; group < lanes; group++)
        {
            var lane = _sequence.LaneSet.LaneOf(_bank, group);
            var firstCell = layout.CellOf(_bank, group);
            var (entry, slot) = lane.Tail.Locate(_first);
            for (var done = 0; done < _tokens; entry++, slot = 0)
            {
                var count = Math.Min(KvPageRef.Slots - slot, _tokens - done);
                for (var head = 0; head < heads; head++)
                {
                    if (unit++ % parts == part)
                    {
                        var block = lane.Table.Block(entry);
                        Fill(block, firstCell + head, slot, group + head, done, count);
                    }
                }

                done += count;
            }
        }
    }

    private void Fill(KvBlock block, int cell, int slot, int head, int row, int count)
    {
        var formats = _sequence.Cache.Shape.Formats(_bank);
        var (keys, values) = (block.Keys(cell), block.Values(cell));
        formats.Keys.WriteKeys(
            keys,
            _headDim,
            slot,
            count,
            _keys.Slice(row * _keyStride + (long)head * _headDim),
            _keyStride
        );
        formats.Values.WriteValues(
            values,
            _headDim,
            slot,
            count,
            _values.Slice(row * _valueStride + (long)head * _headDim),
            _valueStride
        );
    }

    private void CheckRows(NativeSpan<float> rows, long stride, string name)
    {
        var width = (long)_heads * _headDim;
        if (_tokens > 0 && (stride < width || rows.Length < (_tokens - 1) * stride + width))
        {
            throw new ArgumentException(
                $"{_tokens} rows of {width} at stride {stride} do not lie in {rows.Length} elements.",
                name
            );
        }
    }
}
