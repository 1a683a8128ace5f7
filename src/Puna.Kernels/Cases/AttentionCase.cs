using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Cases;

/// <summary>
/// Attention of the last T of a sequence's tokens over the pages of all of them: 32 heads of 64 that share 8 heads of
/// keys and values. Deep caches are larger than the processor's, as those of a whole model are: the runs take turns over
/// several layers.
/// </summary>
/// <param name="format">Storage of keys and values.</param>
/// <param name="tokens">T.</param>
/// <param name="length">Tokens in the cache, the new ones included; a multiple of 32.</param>
internal sealed class AttentionCase(KvSlotFormat format, int tokens, int length) : IKernelCase
{
    private const int QueryHeads = 32;
    private const int KvHeads = 8;
    private const int HeadDim = 64;

    // From here on the layers together must not fit in a cache.
    private const long LargestCached = 1L << 20;
    private const long MemoryBytes = 256L << 20;

    private readonly int _keyBytes = format.KeyBytes(HeadDim);
    private readonly int _valueBytes = format.ValueBytes(HeadDim);

    /// <inheritdoc/>
    public string Name =>
        $"attention {(tokens == 1 ? "decode" : "prefill")} {format.Id} {tokens}x{length}";

    /// <inheritdoc/>
    public KernelWork Work =>
        new(
            LayerBytes + 2.0 * tokens * QueryHeads * HeadDim * sizeof(float),
            Layers > 1 ? OperandHome.Memory : OperandHome.Cache,
            4.0 * QueryHeads * HeadDim * ((double)tokens * length - tokens * (tokens - 1) / 2.0)
        );

    private int PagesPerHead => length / KvPageRef.Slots;

    private long LayerBytes => (long)KvHeads * PagesPerHead * (_keyBytes + _valueBytes);

    // A long prompt reads a page hundreds of times: only decoding depends on where it lies.
    private int Layers =>
        tokens > 1 || LayerBytes <= LargestCached
            ? 1
            : (int)((MemoryBytes + LayerBytes - 1) / LayerBytes);

    /// <inheritdoc/>
    public IPreparedKernel Prepare(WorkerPool pool) => new Prepared(this, pool);

    private AttentionShape Shape => new(QueryHeads, KvHeads, HeadDim, 1 / MathF.Sqrt(HeadDim), 0);

    private KvSlotFormat Format => format;

    private int Tokens => tokens;

    private int Length => length;

    private sealed class Prepared : IPreparedKernel
    {
        private readonly AttentionShape _shape;
        private readonly WorkerPool _pool;
        private readonly PagedAttention _attention = new();
        private readonly NativeBuffer<byte> _memory;
        private readonly NativeBuffer<int> _slotPositions;
        private readonly NativeBuffer<float> _queries;
        private readonly NativeBuffer<float> _output;
        private readonly int[] _positions;
        private readonly KvPageRef[][] _layers;
        private readonly int _pagesPerHead;
        private int _next;

        public Prepared(AttentionCase kernel, WorkerPool pool)
        {
            _shape = kernel.Shape;
            _pool = pool;
            _pagesPerHead = kernel.PagesPerHead;
            _memory = new NativeBuffer<byte>(kernel.Layers * kernel.LayerBytes, clear: false);
            _slotPositions = new NativeBuffer<int>(kernel.Length);
            for (var slot = 0; slot < kernel.Length; slot++)
            {
                _slotPositions.Span[slot] = slot;
            }

            _queries = RandomFloats.Buffer((long)kernel.Tokens * QueryHeads * HeadDim);
            _output = new NativeBuffer<float>(_queries.Length);
            _positions = [.. Enumerable.Range(kernel.Length - kernel.Tokens, kernel.Tokens)];
            _layers = new KvPageRef[kernel.Layers][];
            var pageBytes = kernel._keyBytes + kernel._valueBytes;
            FillPages(kernel.Format, kernel._keyBytes, pageBytes);
            for (var layer = 0; layer < _layers.Length; layer++)
            {
                _layers[layer] = new KvPageRef[KvHeads * _pagesPerHead];
                for (var index = 0; index < _layers[layer].Length; index++)
                {
                    var start = layer * kernel.LayerBytes + (long)index * pageBytes;
                    _layers[layer][index] = new KvPageRef(
                        _memory.Span.Slice(start, kernel._keyBytes),
                        _memory.Span.Slice(start + kernel._keyBytes, kernel._valueBytes),
                        kernel.Format,
                        kernel.Format,
                        _slotPositions.Span.Slice(
                            (long)(index % _pagesPerHead) * KvPageRef.Slots,
                            KvPageRef.Slots
                        ),
                        uint.MaxValue,
                        0,
                        0
                    );
                }
            }
        }

        public void Run()
        {
            _attention.Forward(
                _shape,
                _queries.Span,
                _positions,
                _layers[_next],
                _pagesPerHead,
                _output.Span,
                _pool
            );
            _next = (_next + 1) % _layers.Length;
        }

        public void Dispose()
        {
            _attention.Dispose();
            _output.Dispose();
            _queries.Dispose();
            _slotPositions.Dispose();
            _memory.Dispose();
        }

        // One random page, repeated.
        private void FillPages(KvSlotFormat format, int keyBytes, int pageBytes)
        {
            using var rows = RandomFloats.Buffer(2L * KvPageRef.Slots * HeadDim);
            var half = rows.Length / 2;
            var page = _memory.Span.Slice(0, pageBytes);
            format.WriteKeys(
                page.Slice(0, keyBytes),
                HeadDim,
                0,
                KvPageRef.Slots,
                rows.Span.Slice(0, half),
                HeadDim
            );
            format.WriteValues(
                page.Slice(keyBytes),
                HeadDim,
                0,
                KvPageRef.Slots,
                rows.Span.Slice(half),
                HeadDim
            );
            for (var done = (long)pageBytes; done < _memory.Length; done += pageBytes)
            {
                page.Span.CopyTo(_memory.Span.Slice(done, pageBytes).Span);
            }
        }
    }
}
