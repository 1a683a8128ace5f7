using Puna.Engine.Cache;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;
using Puna.Testing;

namespace Puna.Engine.Tests.Cache;

/// <summary>
/// A cache whose tokens can be recognised: every key and value is a function of the token's number, its bank, head and
/// channel. All elements are integers of at most 127 and each row holds a 127, so that every dense format stores them
/// exactly (int8 with step 1) and comparison needs no tolerance.
/// </summary>
internal sealed class CacheFixture : IDisposable
{
    public const int MostTokens = 2048;
    private static readonly KvBankShape[] s_banks = [new(2, 8), new(1, 16), new(3, 4)];
    private readonly NativeBuffer<float> _keys;
    private readonly NativeBuffer<float> _values;
    private readonly WorkerPool _pool;
    private readonly int _stride;

    public CacheFixture(
        KvSlotFormat? keyFormat = null,
        KvSlotFormat? valueFormat = null,
        long? memoryLimit = null,
        KvPolicyChain? policies = null,
        int threads = 1,
        Func<int, KvFormatPair>? formatsOf = null
    )
    {
        Cache = new KvCache(
            new KvCacheShape(
                s_banks,
                formatsOf
                    ?? (
                        _ => new KvFormatPair(
                            keyFormat ?? KvPageFormats.F32,
                            valueFormat ?? KvPageFormats.F32
                        )
                    )
            ),
            policies,
            memoryLimit
        );
        // Rows are wider than any bank, as the rows of a fused projection are.
        _stride = s_banks.Max(bank => bank.KvHeads * bank.HeadDim) + 3;
        _keys = new NativeBuffer<float>(MostTokens * _stride);
        _values = new NativeBuffer<float>(MostTokens * _stride);
        _pool = new WorkerPool(threads);
    }

    public KvCache Cache { get; }

    public static KvIdentity Identity { get; } = new("model", "", "theta=10000", "dense", "salt");

    /// <summary>Reserves and writes tokens at the next positions.</summary>
    public void Append(KvSequence sequence, params ReadOnlySpan<int> tokens)
    {
        var first = sequence.Reserve(tokens.Length);
        Write(sequence, first, tokens);
    }

    /// <summary>Appends and commits the tokens first, first + 1, ...</summary>
    public KvSequence Filled(int first, int count)
    {
        var sequence = Cache.CreateSequence();
        AppendRange(sequence, first, count);
        return sequence;
    }

    public void AppendRange(KvSequence sequence, int first, int count)
    {
        foreach (var chunk in Enumerable.Range(first, count).Chunk(MostTokens))
        {
            Append(sequence, chunk);
            sequence.Commit(chunk);
        }
    }

    public void Write(KvSequence sequence, int first, ReadOnlySpan<int> tokens)
    {
        for (var bank = 0; bank < s_banks.Length; bank++)
        {
            for (var index = 0; index < tokens.Length; index++)
            {
                Fill(_keys.Span.Slice(index * _stride).Span, tokens[index], bank, isKey: true);
                Fill(_values.Span.Slice(index * _stride).Span, tokens[index], bank, isKey: false);
            }

            sequence.Write(
                bank,
                first,
                tokens.Length,
                _keys.Span,
                _stride,
                _values.Span,
                _stride,
                _pool
            );
        }
    }

    /// <summary>
    /// Position and number of every slot that attention sees, sorted, after checking that all banks and heads agree
    /// and that every element is what that token must have.
    /// </summary>
    public List<(int Position, int Token)> Read(KvSequence sequence)
    {
        List<(int, int)>? first = null;
        for (var bank = 0; bank < s_banks.Length; bank++)
        {
            var heads = s_banks[bank].KvHeads;
            var pages = new KvPageRef[heads * sequence.Pages.PerHead(bank)];
            var count = sequence.Pages.List(bank, pages);
            for (var head = 0; head < heads; head++)
            {
                var seen = ReadHead(sequence, pages.AsSpan(head * count, count), bank, head);
                seen.Sort();
                first ??= seen;
                Assert.Equal(first, seen);
            }
        }

        return first!;
    }

    public void Dispose()
    {
        Cache.Dispose();
        _keys.Dispose();
        _values.Dispose();
        _pool.Dispose();
    }

    private static float Element(int token, int bank, int head, int channel, bool isKey) =>
        channel switch
        {
            0 => 127,
            1 => token % 100,
            2 => token / 100 % 100,
            3 => token / 10000,
            _ => (token * 31 + bank * 17 + head * 7 + channel * 3 + (isKey ? 0 : 50)) % 127,
        };

    private static void Fill(Span<float> row, int token, int bank, bool isKey)
    {
        var (heads, headDim, _) = s_banks[bank];
        row.Clear();
        for (var head = 0; head < heads; head++)
        {
            for (var channel = 0; channel < headDim; channel++)
            {
                row[head * headDim + channel] = Element(token, bank, head, channel, isKey);
            }
        }
    }

    private static bool IsStoredAs(KvPageRef page, KvPageFormat keys, KvPageFormat values) =>
        page.KeyFormat == keys && page.ValueFormat == values;

    private List<(int, int)> ReadHead(
        KvSequence sequence,
        ReadOnlySpan<KvPageRef> pages,
        int bank,
        int head
    )
    {
        var headDim = s_banks[bank].HeadDim;
        var seen = new List<(int, int)>();
        foreach (var page in pages)
        {
            Assert.Equal(sequence.Offsets[page.OffsetGroup], page.Offset);
            Assert.True(
                IsStoredAs(page, Cache.Shape.Formats(bank).Keys, Cache.Shape.Formats(bank).Values)
                    || Cache.Policies.Forms.Any(form =>
                        IsStoredAs(page, form.Keys(bank), form.Values(bank))
                    )
            );
            var keys = PageSlots.Keys(page.KeyFormat, headDim, page.Keys);
            var values = PageSlots.Values(page.ValueFormat, headDim, page.Values);
            for (var slot = 0; slot < KvPageRef.Slots; slot++)
            {
                if ((page.Valid >> slot & 1) == 0)
                {
                    continue;
                }

                var (key, value) = (keys[slot], values[slot]);
                var token = (int)(key[1] + key[2] * 100 + key[3] * 10000);
                for (var channel = 0; channel < headDim; channel++)
                {
                    // Assert.Equal is slow, and this runs a million times.
                    if (
                        key[channel] != Element(token, bank, head, channel, isKey: true)
                        || value[channel] != Element(token, bank, head, channel, isKey: false)
                    )
                    {
                        Assert.Fail(
                            $"Token {token}, bank {bank}, head {head}, channel {channel}: key {key[channel]}, value {value[channel]}."
                        );
                    }
                }

                seen.Add((page.Positions[slot] + page.Offset, token));
            }
        }

        return seen;
    }
}
