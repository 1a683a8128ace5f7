using Puna.Engine.Cache;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;
using Puna.Testing;
using Puna.Testing.Oracles;

namespace Puna.Engine.Tests.Cache;

/// <summary>The cache under the real attention kernel, against attention computed from its definition in double.</summary>
public sealed class CachedAttentionTests : IDisposable
{
    private const int QueryHeads = 4;
    private const int KvHeads = 2;
    private const int HeadDim = 16;
    private const float Scale = 0.25f;
    private const int MostTokens = 256;
    private static readonly float[] s_frequencies =
    [
        .. Enumerable
            .Range(0, HeadDim / 2)
            .Select(index => MathF.Pow(10000, -2f * index / HeadDim)),
    ];

    private readonly KvCache _cache = new(
        new KvCacheShape([new(KvHeads, HeadDim)], KvPageFormats.F32, KvPageFormats.F32)
    );
    private readonly WorkerPool _pool = new(1);
    private readonly RotaryAngles _angles = new(s_frequencies);
    private readonly PagedAttention _attention = new();
    private readonly NativeBuffer<float> _rotated = new(MostTokens * QueryHeads * HeadDim);
    private readonly NativeBuffer<float> _output = new(MostTokens * QueryHeads * HeadDim);
    private readonly NativeBuffer<float> _keys = new(MostTokens * KvHeads * HeadDim);
    private readonly NativeBuffer<float> _values = new(MostTokens * KvHeads * HeadDim);
    private readonly Random _random = new(11);

    // Keys before rotation, and values, of every token written: [token][head][channel].
    private readonly List<float[][]> _rawKeys = [];
    private readonly List<float[][]> _rawValues = [];

    public void Dispose()
    {
        _cache.Dispose();
        _pool.Dispose();
        _angles.Dispose();
        _attention.Dispose();
        _rotated.Dispose();
        _output.Dispose();
        _keys.Dispose();
        _values.Dispose();
    }

    [Fact]
    public void Rotating_the_query_by_the_offset_equals_rotating_every_moved_key()
    {
        using var sequence = _cache.CreateSequence();
        Append(sequence, [.. Enumerable.Range(0, 100)]);
        sequence.Commit(new int[100]);
        var positions = Enumerable.Range(0, 100).ToDictionary(token => token, token => token);

        // Sinks follow the window, a middle part is cut out and closed up, another is moved apart.
        sequence.Drop(4, 30);
        sequence.Shift(0, 4, 26);
        sequence.Drop(60, 70);
        sequence.Shift(70, 100, -10);
        sequence.Shift(80, 90, 7);
        for (var token = 0; token < 100; token++)
        {
            positions[token] = token switch
            {
                < 4 => token + 26,
                < 30 => -1,
                < 60 => token,
                < 70 => -1,
                < 90 => token - 10,
                _ => token - 3,
            };
        }

        Append(sequence, [97, 98, 99]);
        for (var index = 0; index < 3; index++)
        {
            positions[100 + index] = 97 + index;
        }

        Assert.Equal([0, 26, -10, -3], sequence.Offsets.ToArray());
        var queries = RandomRows(3, QueryHeads);
        Attend(sequence, queries, [97, 98, 99], masks: [], tailPages: 0);
        for (var query = 0; query < 3; query++)
        {
            CheckQuery(
                query,
                queries[query],
                97 + query,
                token => positions[token],
                token => positions[token] >= 0 && positions[token] <= 97 + query
            );
        }
    }

    [Fact]
    public void A_token_tree_attends_along_its_paths_only()
    {
        using var sequence = _cache.CreateSequence();
        Append(sequence, [.. Enumerable.Range(0, 29)]);
        sequence.Commit(new int[29]);
        int[] parents = [-1, 0, 0, 1, 1, 2, 3, -1, 7];
        int[] depths = [0, 1, 1, 2, 2, 2, 3, 0, 1];
        int[] positions = [.. depths.Select(depth => 29 + depth)];
        Append(sequence, positions);
        Assert.Equal(2, sequence.Pages.Tail(0));
        var masks = new uint[parents.Length * 2];
        sequence.Pages.TreeMasks(0, parents, masks);
        var queries = RandomRows(parents.Length, QueryHeads);
        Attend(sequence, queries, positions, masks, 2);
        for (var node = 0; node < parents.Length; node++)
        {
            var path = new HashSet<int>();
            for (var at = node; at >= 0; at = parents[at])
            {
                path.Add(29 + at);
            }

            CheckQuery(
                node,
                queries[node],
                positions[node],
                token => token < 29 ? token : positions[token - 29],
                token => token < 29 || path.Contains(token)
            );
        }

        Assert.Throws<ArgumentException>(() =>
            sequence.Pages.TreeMasks(0, [0, 0, 0, 1, 1, 2, 3, -1, 7], masks)
        );
        Assert.Throws<ArgumentException>(() => sequence.Pages.TreeMasks(0, parents, new uint[1]));
    }

    private static float[] Rotate(float[] row, int position)
    {
        var result = new float[HeadDim];
        for (var index = 0; index < HeadDim / 2; index++)
        {
            var (sine, cosine) = Math.SinCos(position * (double)s_frequencies[index]);
            var (first, second) = (row[index], row[index + HeadDim / 2]);
            result[index] = (float)(first * cosine - second * sine);
            result[index + HeadDim / 2] = (float)(second * cosine + first * sine);
        }

        return result;
    }

    private void Append(KvSequence sequence, int[] positions)
    {
        var (keys, values) = (
            RandomRows(positions.Length, KvHeads),
            RandomRows(positions.Length, KvHeads)
        );
        _rawKeys.AddRange(keys);
        _rawValues.AddRange(values);
        Store(keys, _keys.Span);
        Store(values, _values.Span);
        const int stride = KvHeads * HeadDim;
        _angles.Prepare(positions);
        var keyRows = new FloatRows(_keys.Span, positions.Length, stride);
        Rotary.Forward(_angles, RotaryPairing.Halves, keyRows, keyRows, HeadDim, _pool);
        var first = sequence.Reserve(positions);
        sequence.Write(0, first, positions.Length, _keys.Span, stride, _values.Span, stride, _pool);
    }

    private void Attend(
        KvSequence sequence,
        float[][][] queries,
        int[] positions,
        uint[] masks,
        int tailPages
    )
    {
        const int stride = QueryHeads * HeadDim;
        var groups = sequence.Offsets.Length;
        for (var group = 0; group < groups; group++)
        {
            var rows = _rotated.Span.Slice((long)group * queries.Length * stride);
            Store(queries, rows);
            var offset = sequence.Offsets[group];
            _angles.Prepare([.. positions.Select(position => position - offset)]);
            var view = new FloatRows(rows, queries.Length, stride);
            Rotary.Forward(_angles, RotaryPairing.Halves, view, view, HeadDim, _pool);
        }

        var pages = new KvPageRef[KvHeads * sequence.Pages.PerHead(0)];
        var pagesPerHead = sequence.Pages.List(0, pages);
        var shape = new AttentionShape(QueryHeads, KvHeads, HeadDim, Scale, 0);
        using var positionBuffer = Copy<int>(positions);
        using var pageBuffer = Copy<KvPageRef>(pages);
        using var maskBuffer = Copy<uint>(masks);
        _attention.Forward(
            shape,
            [
                new AttentionRequest
                {
                    Queries = _rotated.Span.Slice(0, (long)groups * queries.Length * stride),
                    QueryPositions = positionBuffer.Span,
                    Pages = pageBuffer.Span,
                    PagesPerHead = pagesPerHead,
                    TailMasks = maskBuffer.Span,
                    TailPages = tailPages,
                    Output = _output.Span.Slice(0, queries.Length * stride),
                },
            ],
            _pool
        );
    }

    private static NativeBuffer<T> Copy<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var copy = new NativeBuffer<T>(values.Length);
        values.CopyTo(copy.Span.Span);
        return copy;
    }

    private void CheckQuery(
        int row,
        float[][] query,
        int position,
        Func<int, int> positionOf,
        Func<int, bool> visible
    )
    {
        for (var head = 0; head < QueryHeads; head++)
        {
            var kvHead = head / (QueryHeads / KvHeads);
            var tokens = Enumerable.Range(0, _rawKeys.Count).Where(visible).ToList();
            var rotated = Rotate(query[head], position);
            var keys = tokens
                .Select(token => Rotate(_rawKeys[token][kvHead], positionOf(token)))
                .ToList();
            var values = tokens.Select(token => _rawValues[token][kvHead]).ToList();
            var expected = NaiveAttention.Forward(
                _ => rotated,
                keys,
                values,
                [.. tokens.Select(_ => true)],
                Scale
            );

            // Elements lie in [-1, 1], a rotated one within a factor sqrt(2) of that.
            var tolerance = Tolerance.RotatedAttention(HeadDim, tokens.Count, Scale * HeadDim * 2);
            for (var channel = 0; channel < HeadDim; channel++)
            {
                Assert.Equal(
                    expected[channel],
                    _output.Span[(row * QueryHeads + head) * HeadDim + channel],
                    tolerance
                );
            }
        }
    }

    private static void Store(float[][][] rows, NativeSpan<float> target)
    {
        var index = 0L;
        foreach (var head in rows.SelectMany(row => row))
        {
            head.CopyTo(target.Slice(index, HeadDim).Span);
            index += HeadDim;
        }
    }

    private float[][][] RandomRows(int tokens, int heads) =>
        [
            .. Enumerable
                .Range(0, tokens)
                .Select(_ =>
                    Enumerable
                        .Range(0, heads)
                        .Select(_ =>
                            Enumerable
                                .Range(0, HeadDim)
                                .Select(_ => (float)(_random.NextDouble() * 2 - 1))
                                .ToArray()
                        )
                        .ToArray()
                ),
        ];
}
