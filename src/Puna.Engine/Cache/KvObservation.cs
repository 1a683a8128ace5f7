using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>Keeps the queries of the latest tokens of a sequence, layer by layer, until its prompt ends.</summary>
internal sealed class KvObservation(int tokens) : IDisposable
{
    // Twice as many as are asked for: a draft that is refused takes the places of tokens further back.
    private readonly int _places = 2 * tokens;
    private readonly SortedDictionary<int, Ring> _layers = [];
    private NativeBuffer<float> _ordered = new(0);

    /// <summary>Takes the last rows of a layer's queries [T, width].</summary>
    public void Store(
        int layer,
        int bank,
        NativeSpan<int> positions,
        NativeSpan<float> queries,
        int width
    )
    {
        if (!_layers.TryGetValue(layer, out var ring))
        {
            ring = new Ring(bank, width, _places);
            _layers.Add(layer, ring);
        }

        for (var row = Math.Max(0, positions.Length - tokens); row < positions.Length; row++)
        {
            var place = positions[row] % _places;
            ring.Positions[place] = positions[row];
            queries
                .Slice(row * width, width)
                .Span.CopyTo(ring.Rows.Span.Slice((long)place * width, width).Span);
        }
    }

    /// <summary>What was stored of the readers of a bank, for the tokens up to position <paramref name="end"/>.</summary>
    public KvObservedQueries Of(int bank, int end)
    {
        var readers = new List<int>();
        var count = Math.Min(tokens, end);
        var width = 0;
        foreach (var (layer, ring) in _layers)
        {
            if (ring.Bank == bank)
            {
                readers.Add(layer);
                width = ring.Width;
                while (count > 0 && !ring.Holds(end - count, end))
                {
                    count--;
                }
            }
        }

        var length = (long)count * width;
        if (_ordered.Length < readers.Count * length)
        {
            _ordered.Dispose();
            _ordered = new NativeBuffer<float>(readers.Count * length);
        }

        for (var reader = 0; reader < readers.Count; reader++)
        {
            var ring = _layers[readers[reader]];
            for (var row = 0; row < count; row++)
            {
                var place = (end - count + row) % _places;
                ring.Rows.Span.Slice((long)place * width, width)
                    .Span.CopyTo(
                        _ordered.Span.Slice(reader * length + (long)row * width, width).Span
                    );
            }
        }

        return new KvObservedQueries(
            readers.ToArray(),
            end - count,
            count,
            _ordered.Span.Slice(0, readers.Count * length)
        );
    }

    public void Dispose()
    {
        foreach (var ring in _layers.Values)
        {
            ring.Rows.Dispose();
        }

        _layers.Clear();
        _ordered.Dispose();
    }

    /// <summary>Rows of one layer; that of position p lies at p modulo their number.</summary>
    private sealed class Ring
    {
        public Ring(int bank, int width, int tokens)
        {
            (Bank, Width) = (bank, width);
            Rows = new NativeBuffer<float>((long)tokens * width);
            Positions = new int[tokens];
            Array.Fill(Positions, -1);
        }

        public int Bank { get; }

        public int Width { get; }

        public NativeBuffer<float> Rows { get; }

        public int[] Positions { get; }

        public bool Holds(int from, int to)
        {
            for (var position = from; position < to; position++)
            {
                if (Positions[position % Positions.Length] != position)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
