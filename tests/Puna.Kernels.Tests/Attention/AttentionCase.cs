using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Tests.Lanes;
using Puna.Kernels.Threads;
using Puna.Testing;
using Puna.Testing.Oracles;

namespace Puna.Kernels.Tests.Attention;

/// <summary>
/// Random pages and queries of one attention call. Slots that are not written hold NaN (all bits set), so that a
/// kernel that touches them shows it.
/// </summary>
internal sealed unsafe class AttentionCase : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly Random _random;
    private readonly Func<int, KvFormatPair> _formatsOf;
    private readonly bool _guarded;

    public AttentionCase(
        AttentionShape shape,
        Func<int, KvFormatPair> formatsOf,
        int pagesPerHead,
        int groups,
        int seed,
        bool guarded = false
    )
    {
        _guarded = guarded;
        _formatsOf = formatsOf;
        Shape = shape;
        Groups = groups;
        _random = new Random(seed);
        Pages = new KvPageRef[shape.KvHeads * pagesPerHead];
        PagesPerHead = pagesPerHead;
        for (var index = 0; index < Pages.Length; index++)
        {
            var formats = formatsOf(index);
            var keys = Allocate<byte>(formats.Keys.KeyBytes(shape.HeadDim));
            var values = Allocate<byte>(formats.Values.ValueBytes(shape.HeadDim));
            var positions = Allocate<int>(KvPageRef.Slots);
            keys.Span.Fill(0xFF);
            values.Span.Fill(0xFF);
            Pages[index] = new KvPageRef(
                keys,
                values,
                formats.Keys,
                formats.Values,
                positions,
                0,
                0,
                0
            );
        }
    }

    public AttentionShape Shape { get; }

    public int Groups { get; }

    public KvPageRef[] Pages { get; }

    public int PagesPerHead { get; }

    public int Tokens { get; private set; }

    public int[] QueryPositions { get; private set; } = [];

    public uint[] TailMasks { get; set; } = [];

    public int TailPages { get; set; }

    public NativeSpan<float> Queries { get; private set; }

    /// <summary>n tokens at positions 0..n-1 in slots 0..n-1 of every head.</summary>
    public void Fill(int count)
    {
        for (var slot = 0; slot < count; slot++)
        {
            for (var head = 0; head < Shape.KvHeads; head++)
            {
                Write(head, slot, slot);
            }
        }
    }

    /// <summary>Writes a random key and value.</summary>
    public void Write(int head, int slot, int position)
    {
        var index = head * PagesPerHead + slot / KvPageRef.Slots;
        var (page, formats) = (Pages[index], _formatsOf(index));
        var inside = slot % KvPageRef.Slots;
        PageSlots.WriteKey(formats.Keys, Shape.HeadDim, page.Keys, inside, Row(Shape.HeadDim));
        PageSlots.WriteValue(
            formats.Values,
            Shape.HeadDim,
            page.Values,
            inside,
            Row(Shape.HeadDim)
        );
        page.Positions[inside] = position;
        SetValid(head, slot / KvPageRef.Slots, page.Valid | (1u << inside));
    }

    public void SetValid(int head, int page, uint valid)
    {
        ref var reference = ref Pages[head * PagesPerHead + page];
        reference = reference with { Valid = valid };
    }

    public void SetOffset(int page, int offset, int group)
    {
        for (var head = 0; head < Shape.KvHeads; head++)
        {
            ref var reference = ref Pages[head * PagesPerHead + page];
            reference = reference with { Offset = offset, OffsetGroup = group };
        }
    }

    /// <summary>Random queries at the given positions.</summary>
    public void Ask(params int[] positions)
    {
        Tokens = positions.Length;
        QueryPositions = positions;
        Queries = Allocate<float>((long)Groups * Tokens * Shape.QueryHeads * Shape.HeadDim);
        Row((int)Queries.Length).CopyTo(Queries.Span);
    }

    public float[] Run(int threads)
    {
        using var attention = new PagedAttention();
        using var pool = new WorkerPool(threads);
        return Run(attention, pool);
    }

    public float[] Run(PagedAttention attention, WorkerPool pool) =>
        Run(attention, pool, 0, Tokens);

    /// <summary>Runs a part of the tokens alone; only with one offset group.</summary>
    public float[] Run(PagedAttention attention, WorkerPool pool, int first, int count)
    {
        var width = (long)Shape.QueryHeads * Shape.HeadDim;
        using var output = new NativeBuffer<float>(count * width);
        output.Span.Span.Fill(float.NaN);
        attention.Forward(Shape, [Request(first, count, output.Span)], pool);
        return output.Span.Span.ToArray();
    }

    /// <summary>What asks for the attention of a part of the tokens; only with one offset group, if not of all.</summary>
    public AttentionRequest Request(int first, int count, NativeSpan<float> output)
    {
        var width = (long)Shape.QueryHeads * Shape.HeadDim;
        return new AttentionRequest
        {
            Queries = Groups == 1 ? Queries.Slice(first * width, count * width) : Queries,
            QueryPositions = Copy<int>(QueryPositions.AsSpan(first, count)),
            Pages = Copy<KvPageRef>(Pages),
            PagesPerHead = PagesPerHead,
            TailMasks = Copy<uint>(TailMasks.AsSpan(first * TailPages, count * TailPages)),
            TailPages = TailPages,
            Output = output,
        };
    }

    /// <summary>Runs the body of one width on this thread, tile by tile or, when split, chunk by chunk.</summary>
    public float[] RunBody(int width, bool split)
    {
        var output = Allocate<float>((long)Tokens * Shape.QueryHeads * Shape.HeadDim);
        output.Span.Fill(float.NaN);
        var scratch = Allocate<float>(TileScratch.Floats(Shape.HeadDim));
        var next = 0;
        fixed (int* positions = QueryPositions)
        fixed (KvPageRef* pages = Pages)
        fixed (uint* masks = TailMasks)
        {
            var call = new AttentionArguments
            {
                Shape = Shape,
                Queries = Queries.Pointer,
                Tokens = Tokens,
                QueryPositions = positions,
                Pages = pages,
                PagesPerHead = PagesPerHead,
                TailMasks = masks,
                TailPages = TailPages,
                Output = output.Pointer,
            };
            if (split)
            {
                call.Parts = Allocate<float>(Shape.KvHeads * call.Chunks * call.PartFloats).Pointer;
                call.ChunksDone = Allocate<int>(Shape.KvHeads).Pointer;
            }

            var batch = new AttentionBatch
            {
                Calls = &call,
                Count = 1,
                Units = Shape.KvHeads * call.UnitsPerHead,
                NextUnit = &next,
                Scratch = scratch.Pointer,
            };
            call.Batch = &batch;
            Widths.Run(width, new AttentionJob(&batch, Shape.HeadDim));
        }

        return output.Span.ToArray();
    }

    /// <summary>Largest difference from the definition, relative to the largest value; and the largest sum of |q k|.</summary>
    public (double Error, double Magnitude) Compare(float[] actual)
    {
        var (error, magnitude, largest) = (0.0, 0.0, 1e-30);
        var group = Shape.QueryHeads / Shape.KvHeads;
        for (var head = 0; head < Shape.KvHeads; head++)
        {
            var (keys, values) = ReadHead(head);
            foreach (var value in values)
            {
                largest = Math.Max(largest, value.Max(x => Math.Abs((double)x)));
            }

            for (var row = 0; row < Tokens * group; row++)
            {
                var (token, queryHead) = (row / group, head * group + row % group);
                var visible = Enumerable
                    .Range(0, keys.Count)
                    .Select(slot => IsVisible(head, slot, token))
                    .ToArray();
                float[] QueryOf(int slot) => Query(GroupOf(head, slot), token, queryHead);
                var expected = NaiveAttention.Forward(QueryOf, keys, values, visible, Shape.Scale);
                for (var slot = 0; slot < keys.Count; slot++)
                {
                    if (visible[slot])
                    {
                        var query = QueryOf(slot);
                        magnitude = Math.Max(
                            magnitude,
                            query.Select((q, c) => Math.Abs((double)q * keys[slot][c])).Sum()
                                * Math.Abs(Shape.Scale)
                        );
                    }
                }

                for (var channel = 0; channel < Shape.HeadDim; channel++)
                {
                    var index = (token * Shape.QueryHeads + queryHead) * Shape.HeadDim + channel;
                    var difference = Math.Abs(actual[index] - expected[channel]);
                    error = double.IsNaN(difference)
                        ? double.PositiveInfinity
                        : Math.Max(error, difference);
                }
            }
        }

        return (error / largest, magnitude);
    }

    public void Dispose() => _owned.ForEach(item => item.Dispose());

    public float[] Row(int count)
    {
        var row = new float[count];
        for (var index = 0; index < count; index++)
        {
            row[index] = (float)(_random.NextDouble() * 4 - 2);
        }

        return row;
    }

    private bool IsVisible(int head, int slot, int token)
    {
        var pageIndex = slot / KvPageRef.Slots;
        var page = Pages[head * PagesPerHead + pageIndex];
        var inside = slot % KvPageRef.Slots;
        var position = page.Positions[inside] + page.Offset;
        var query = QueryPositions[token];
        var tail = pageIndex - (PagesPerHead - TailPages);
        return (page.Valid >> inside & 1) == 1
            && position <= query
            && (Shape.Window == 0 || position > query - Shape.Window)
            && (tail < 0 || (TailMasks[token * TailPages + tail] >> inside & 1) == 1);
    }

    private int GroupOf(int head, int slot) =>
        Pages[head * PagesPerHead + slot / KvPageRef.Slots].OffsetGroup;

    private float[] Query(int group, int token, int queryHead) =>
        Queries
            .Slice(
                (((long)group * Tokens + token) * Shape.QueryHeads + queryHead) * Shape.HeadDim,
                Shape.HeadDim
            )
            .Span.ToArray();

    private (List<float[]> Keys, List<float[]> Values) ReadHead(int head)
    {
        var (keys, values) = (new List<float[]>(), new List<float[]>());
        foreach (var page in Pages.AsSpan(head * PagesPerHead, PagesPerHead))
        {
            var pageKeys = PageSlots.Keys(page.KeyFormat, Shape.HeadDim, page.Keys);
            var pageValues = PageSlots.Values(page.ValueFormat, Shape.HeadDim, page.Values);
            for (var slot = 0; slot < KvPageRef.Slots; slot++)
            {
                var isValid = (page.Valid >> slot & 1) == 1;
                keys.Add(isValid ? pageKeys[slot] : new float[Shape.HeadDim]);
                values.Add(isValid ? pageValues[slot] : new float[Shape.HeadDim]);
            }
        }

        return (keys, values);
    }

    private NativeSpan<T> Copy<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var copy = Allocate<T>(values.Length);
        values.CopyTo(copy.Span);
        return copy;
    }

    private NativeSpan<T> Allocate<T>(long length)
        where T : unmanaged
    {
        if (_guarded)
        {
            var buffer = new GuardedBuffer<T>((int)length);
            _owned.Add(buffer);
            return buffer.Span;
        }

        var native = new NativeBuffer<T>(length);
        _owned.Add(native);
        return native.Span;
    }
}
