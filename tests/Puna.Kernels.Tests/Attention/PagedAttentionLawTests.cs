using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;
using static Puna.Kernels.Tests.Attention.AttentionCases;

namespace Puna.Kernels.Tests.Attention;

/// <summary>What must not change a bit of the result, and what must move with a page.</summary>
public sealed class PagedAttentionLawTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sequences_of_one_batch_get_what_each_gets_alone(int threads)
    {
        var shape = Shape(6, 2, 16, 0);
        int[] lengths = [1, 700, 33, 260, 0, 64];
        using var pool = new WorkerPool(threads);
        using var attention = new PagedAttention();
        var cases = new List<AttentionCase>();
        var outputs = new List<NativeBuffer<float>>();
        var requests = new List<AttentionRequest>();
        foreach (var length in lengths)
        {
            var test = new AttentionCase(
                shape,
                _ => Pair("f16", "f16"),
                (length + 31) / 32,
                1,
                length
            );
            test.Fill(length);
            test.Ask([.. Enumerable.Range(Math.Max(0, length - 40), Math.Min(length, 40))]);
            var output = new NativeBuffer<float>((long)test.Tokens * 6 * 16);
            cases.Add(test);
            outputs.Add(output);
            requests.Add(test.Request(0, test.Tokens, output.Span));
        }

        attention.Forward(shape, [.. requests], pool);
        for (var index = 0; index < cases.Count; index++)
        {
            Assert.Equal(cases[index].Run(attention, pool), outputs[index].Span.Span.ToArray());
            cases[index].Dispose();
            outputs[index].Dispose();
        }
    }

    [Fact]
    public void Moving_a_page_by_its_offset_equals_rotating_its_keys_anew()
    {
        const int headDim = 16;
        const int moved = 37;
        var shape = Shape(2, 2, headDim, 0);
        using var moving = new AttentionCase(shape, _ => F32, 2, 2, 3);
        using var anew = new AttentionCase(shape, _ => F32, 2, 1, 3);
        var random = new Random(9);
        for (var slot = 0; slot < 64; slot++)
        {
            for (var head = 0; head < 2; head++)
            {
                moving.Write(head, slot, slot);
                anew.Write(head, slot, slot + (slot < 32 ? moved : 0));
                var raw = moving.Row(headDim);
                var page = head * 2 + slot / 32;
                var position = slot + (slot < 32 ? moved : 0);
                WriteKey(moving.Pages[page], slot % 32, Rotate(raw, slot));
                WriteKey(anew.Pages[page], slot % 32, Rotate(raw, position));
                var value = moving.Row(headDim);
                PageSlots.WriteValue(
                    KvPageFormats.F32,
                    headDim,
                    moving.Pages[page].Values,
                    slot % 32,
                    value
                );
                PageSlots.WriteValue(
                    KvPageFormats.F32,
                    headDim,
                    anew.Pages[page].Values,
                    slot % 32,
                    value
                );
            }
        }

        moving.SetOffset(0, moved, 1);
        moving.Ask(100, 101, 102);
        anew.Ask(100, 101, 102);
        for (var row = 0; row < 3 * 2; row++)
        {
            var raw = moving.Row(headDim);
            var position = 100 + row / 2;
            Rotate(raw, position).CopyTo(anew.Queries.Slice(row * headDim, headDim).Span);
            Rotate(raw, position).CopyTo(moving.Queries.Slice(row * headDim, headDim).Span);
            Rotate(raw, position - moved)
                .CopyTo(moving.Queries.Slice((6 + row) * headDim, headDim).Span);
        }

        var expected = anew.Run(1);
        var actual = moving.Run(1);
        for (var index = 0; index < expected.Length; index++)
        {
            Assert.Equal(expected[index], actual[index], Tolerance.Chunking);
        }

        static void WriteKey(KvPageRef page, int slot, float[] key) =>
            PageSlots.WriteKey(KvPageFormats.F32, headDim, page.Keys, slot, key);

        static float[] Rotate(float[] row, int position)
        {
            var result = new float[row.Length];
            for (var pair = 0; pair < row.Length / 2; pair++)
            {
                var angle = position * Math.Pow(100, -2.0 * pair / row.Length);
                var (sine, cosine) = Math.SinCos(angle);
                var (x, y) = (row[2 * pair], row[2 * pair + 1]);
                result[2 * pair] = (float)(x * cosine - y * sine);
                result[2 * pair + 1] = (float)(x * sine + y * cosine);
            }

            return result;
        }
    }

    [Theory]
    [MemberData(nameof(EachFormat), MemberType = typeof(AttentionCases))]
    public void The_number_of_threads_changes_no_bit(string format)
    {
        foreach (var (kvHeads, tokens) in ((int, int)[])[(1, 1), (2, 5), (2, 33), (1, 70)])
        {
            using var test = Causal(
                3 * kvHeads,
                kvHeads,
                32,
                0,
                Pair(format, format),
                1000,
                tokens
            );
            var expected = test.Run(1);
            AssertDefinition(test, expected);
            foreach (var threads in (int[])[2, 3, 5])
            {
                Assert.Equal(expected, test.Run(threads));
            }
        }
    }

    [Theory]
    [MemberData(nameof(EachFormat), MemberType = typeof(AttentionCases))]
    public void A_token_alone_gives_the_bits_that_it_gives_among_others(string format)
    {
        foreach (var headDim in (int[])[20, 64])
        {
            foreach (var window in (int[])[0, 50])
            {
                using var test = Causal(6, 2, headDim, window, Pair(format, format), 600, 70);
                using var attention = new PagedAttention();
                using var pool = new WorkerPool(2);
                var whole = test.Run(attention, pool);
                foreach (var piece in (int[])[1, 2, 7, 33])
                {
                    var parts = new List<float>();
                    for (var first = 0; first < 70; first += piece)
                    {
                        parts.AddRange(
                            test.Run(attention, pool, first, Math.Min(piece, 70 - first))
                        );
                    }

                    Assert.Equal(whole, parts);
                }
            }
        }
    }

    [Fact]
    public void Later_tokens_in_the_cache_change_no_bit()
    {
        using var test = Causal(2, 2, 16, 0, F32, 320, 1);
        test.Ask(299);
        var among = test.Run(2);
        for (var head = 0; head < 2; head++)
        {
            test.SetValid(head, 9, 0xFFFu);
            for (var page = 10; page < test.PagesPerHead; page++)
            {
                test.SetValid(head, page, 0);
            }
        }

        Assert.Equal(among, test.Run(2));
    }
}
