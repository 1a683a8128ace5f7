using Puna.Engine.Cache;
using Puna.Kernels.Memory;

namespace Puna.Engine.Tests.Cache;

/// <summary>Blocks in a form of their own. Codes of 8 bits hold the numbers of the fixture exactly.</summary>
public sealed class SealedBlockTests
{
    private static readonly KvIdentity s_identity = CacheFixture.Identity;

    [Theory]
    [InlineData(KvEffects.None)]
    [InlineData(KvEffects.PerHead)]
    public void Sealed_blocks_take_the_bytes_of_their_form(object effects)
    {
        var policy = new SealingPolicy(8, effects: (KvEffects)effects);
        using var fixture = Fixture(policy);
        var sequence = fixture.Filled(0, 70);
        Assert.Equal(Tokens(0, 70), fixture.Read(sequence));
        foreach (var lane in sequence.Lanes)
        {
            Assert.Equal([policy.Form, policy.Form, null], Forms(lane));
        }

        var bytes = sequence.Bytes;
        var shape = fixture.Cache.Shape;
        Assert.Equal(2 * SealedBytes(shape, policy) + 32 * shape.KeyBytesPerToken, bytes.Keys);
        Assert.Equal(2 * SealedBytes(shape, policy) + 32 * shape.ValueBytesPerToken, bytes.Values);
        Assert.Equal((bytes.Keys, bytes.Values, 0), (Live().Keys, Live().Values, bytes.Shared));
        using var dense = new CacheFixture();
        using var plain = dense.Filled(0, 70);
        Assert.True(bytes.Total < plain.Bytes.Total);
        sequence.Dispose();
        Assert.Equal((0, default), (fixture.Cache.LiveBlocks, Live()));

        KvBytes Live() => fixture.Cache.Bytes;
    }

    [Fact]
    public void A_fork_shares_sealed_blocks_and_goes_on_behind_what_it_keeps_of_one()
    {
        var policy = new SealingPolicy(8);
        using var fixture = Fixture(policy);
        var sequence = fixture.Filled(0, 100);
        var fork = sequence.Fork();
        Assert.Equal(sequence.Bytes.Payload, fork.Bytes.Shared);
        Assert.Equal(40, fork.Truncate(40));
        Assert.Equal(Tokens(0, 40), fixture.Read(fork));
        Assert.Equal([policy.Form, policy.Form], Forms(fork.Lanes[0]));

        // 8 slots of the second block are left; what follows begins a third one.
        fixture.AppendRange(fork, 40, 30);
        Assert.Equal(Tokens(0, 70), fixture.Read(fork));
        Assert.Equal([policy.Form, policy.Form, null], Forms(fork.Lanes[0]));
        fixture.AppendRange(fork, 70, 5);
        Assert.Equal(Tokens(0, 75), fixture.Read(fork));
        Assert.Equal([policy.Form, policy.Form, policy.Form, null], Forms(fork.Lanes[0]));
        Assert.Equal(Tokens(0, 100), fixture.Read(sequence));
        sequence.Dispose();
        Assert.Equal(Tokens(0, 75), fixture.Read(fork));
        fork.Dispose();
        Assert.Equal(0, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void Who_shares_a_block_keeps_it_when_it_is_sealed_and_half_full_ones_can_be()
    {
        var policy = new SealingPolicy(8, sealsFull: false);
        using var fixture = Fixture(policy);
        var sequence = fixture.Filled(0, 40);
        var fork = sequence.Fork();
        Assert.Equal(2, fixture.Cache.LiveBlocks);
        fork.Lanes[0][0].Seal(policy.Form, policy);
        fork.Lanes[0][1].Seal(policy.Form, policy);
        Assert.Equal(4, fixture.Cache.LiveBlocks);
        Assert.Equal([policy.Form, policy.Form], Forms(fork.Lanes[0]));
        Assert.Equal([null, null], Forms(sequence.Lanes[0]));
        Assert.Equal(fixture.Read(sequence), fixture.Read(fork));
        fixture.AppendRange(fork, 40, 1);
        Assert.Equal(3, fork.Lanes[0].Count);
        Assert.Equal(Tokens(0, 41), fixture.Read(fork));
        fork.Lanes[0][0].Seal(policy.Form, policy);
        Assert.Equal(Tokens(0, 41), fixture.Read(fork));
        sequence.Dispose();
        fork.Dispose();
        Assert.Equal(0, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void Sealed_blocks_move_split_and_stay_where_others_are_packed()
    {
        var policy = new SealingPolicy(8, sealsFull: false);
        using var fixture = Fixture(policy);
        using var sequence = fixture.Filled(0, 128);
        sequence.Lanes[0][1].Seal(policy.Form, policy);
        sequence.Shift(40, 128, 3);
        Assert.Equal([null, policy.Form, policy.Form, null, null], Forms(sequence.Lanes[0]));
        Assert.Equal([.. Tokens(0, 40), .. Moved(40, 88)], fixture.Read(sequence));
        Assert.Equal(4 * 32 * 2, Slots(sequence));
        sequence.Drop(50, 120);
        sequence.Lanes[0].Pack();
        Assert.Equal(
            [.. Tokens(0, 40), .. Moved(40, 7), .. Moved(117, 11)],
            fixture.Read(sequence)
        );
        Assert.Equal([null, policy.Form, policy.Form, null], Forms(sequence.Lanes[0]));

        static IEnumerable<(int, int)> Moved(int first, int count) =>
            Enumerable.Range(first, count).Select(token => (token + 3, token));

        // The split block counts once, by the bytes of its form.
        int Slots(KvSequence each)
        {
            var shape = fixture.Cache.Shape;
            var bytes = 3 * 32 * shape.BytesPerToken + 2 * SealedBytes(shape, policy);
            Assert.Equal(bytes, each.Bytes.Payload);
            return 256;
        }
    }

    [Fact]
    public void The_prefix_tree_hands_out_sealed_blocks_and_counts_their_bytes()
    {
        var policy = new SealingPolicy(8);
        using var fixture = Fixture(policy);
        var tree = new PrefixTree(fixture.Cache);
        using (var sequence = fixture.Filled(0, 70))
        {
            Assert.Equal(64, tree.Publish(s_identity, Ids(70), sequence));
        }

        var block = 2 * SealedBytes(fixture.Cache.Shape, policy);
        Assert.Equal((2, 2 * block), (tree.Stats.Blocks, tree.Stats.UnusedBytes));
        Assert.Equal(2, fixture.Cache.LiveBlocks);
        using (var found = tree.Lookup(s_identity, Ids(70)))
        {
            Assert.Equal(2, policy.Adopted);
            Assert.Equal([policy.Form, policy.Form], Forms(found.Lanes[0]));
            Assert.Equal(Tokens(0, 64), fixture.Read(found));
            Assert.Equal(2 * block, found.Bytes.Shared);
            fixture.AppendRange(found, 64, 40);
            Assert.Equal(Tokens(0, 104), fixture.Read(found));
            Assert.Equal(32, tree.Publish(s_identity, Ids(104), found));
        }

        // A whole prompt loses its last block, so that what follows is sealed and shared like the first time.
        using (var whole = tree.Lookup(s_identity, Ids(64)))
        {
            Assert.Equal(32, whole.LogicalLength);
            Assert.Equal(Tokens(0, 32), fixture.Read(whole));
        }

        Assert.Equal(1, tree.EvictTo(2 * block));
        Assert.Equal(2 * block, tree.Stats.UnusedBytes);
        tree.Dispose();
        Assert.Equal(0, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void A_snapshot_keeps_forms_and_numbers()
    {
        var policy = new SealingPolicy(8);
        using var fixture = Fixture(policy);
        using var sequence = fixture.Filled(0, 100);
        sequence.Truncate(90);
        sequence.Shift(40, 90, 5);
        using var stream = new MemoryStream();
        KvSnapshot.Save(sequence, Ids(90), stream, s_identity);
        var other = new SealingPolicy(8);
        using var second = Fixture(other);
        stream.Position = 0;
        var restored = KvSnapshot.Load(second.Cache, stream, s_identity).Sequence;
        Assert.Equal(fixture.Read(sequence), second.Read(restored));
        Assert.Equal(sequence.Bytes, restored.Bytes);
        Assert.Equal(3 + 1, Forms(restored.Lanes[0]).Count(form => form == other.Form));
        fixture.AppendRange(sequence, 90, 40);
        second.AppendRange(restored, 90, 40);
        Assert.Equal(fixture.Read(sequence), second.Read(restored));
        restored.Dispose();
        Assert.Equal(0, second.Cache.LiveBlocks);

        using var third = Fixture(new SealingPolicy(4));
        stream.Position = 0;
        var fault = Assert.Throws<InputException>(() =>
            KvSnapshot.Load(third.Cache, stream, s_identity)
        );
        Assert.Contains("coded8/coded8", fault.Message, StringComparison.Ordinal);
        Assert.Contains("coded4/coded4", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_sealed_is_left_as_it_is()
    {
        var policy = new SealingPolicy(8, sealsFull: false);
        using var fixture = Fixture(policy);
        using var sequence = fixture.Filled(0, 40);
        var (first, last) = (sequence.Lanes[0][0], sequence.Lanes[0][1]);
        Assert.Throws<ArgumentException>(() => first.Seal(new SealingPolicy(8).Form, policy));
        Assert.Throws<TimeoutException>(() => first.Seal(policy.Form, new FailingSealer()));
        Assert.Equal([null, null], Forms(sequence.Lanes[0]));
        Assert.Equal(2, fixture.Cache.LiveBlocks);
        fixture.Append(sequence, 40);
        Assert.Throws<InvalidOperationException>(() => last.Seal(policy.Form, policy));
        first.Seal(policy.Form, policy);
        sequence.Commit([40]);
        var row = new float[8];
        first.ReadKey(0, 3, row);
        Assert.Equal((127, 3), (row[0], row[1]));
        Assert.Throws<InvalidOperationException>(() => first.WriteKey(0, 3, row));
        Assert.Throws<InvalidOperationException>(() => first.WriteValue(0, 3, row));
        first.WritePosition(3, 3);
        Assert.Equal(Tokens(0, 41), fixture.Read(sequence));
    }

    [Fact]
    public void Room_for_sealing_is_made_before_a_pass_and_never_lacks_at_its_end()
    {
        using var probe = Fixture(new SealingPolicy(8));
        var row = probe.Cache.Layout.RowBytes;
        Assert.Throws<InputException>(() => Fixture(new SealingPolicy(8), row - 1));
        foreach (var rows in (int[])[1, 2, 3, 7])
        {
            using var fixture = Fixture(new SealingPolicy(8), rows * row);
            var sequence = fixture.Cache.CreateSequence();
            var available = fixture.Cache.Available;
            Assert.True(available >= 32);
            fixture.Cache.Prepare((int)available);
            for (var full = false; !full; )
            {
                var next = sequence.LogicalLength;
                try
                {
                    fixture.Append(sequence, next, next + 1, next + 2);
                }
                catch (CacheFullException)
                {
                    full = true;
                    continue;
                }

                sequence.Commit([next, next + 1, next + 2]);
            }

            Assert.True(sequence.LogicalLength >= available - 3);
            Assert.Equal(Tokens(0, sequence.LogicalLength), fixture.Read(sequence));
            sequence.Dispose();
            Assert.Equal(0, fixture.Cache.LiveBlocks);
        }
    }

    private static CacheFixture Fixture(SealingPolicy policy, long? limit = null) =>
        new(memoryLimit: limit, policies: new KvPolicyChain([policy], KvNeeds.None));

    private static KvForm?[] Forms(KvLane lane) =>
        [.. Enumerable.Range(0, lane.Count).Select(entry => lane[entry].Form)];

    private static int[] Ids(int count) => [.. Enumerable.Range(0, count)];

    private static List<(int Position, int Token)> Tokens(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(token => (token, token))];

    /// <summary>Bytes of the keys of 32 tokens in the form; its values take as many.</summary>
    private static long SealedBytes(KvCacheShape shape, SealingPolicy policy) =>
        Enumerable
            .Range(0, shape.Banks)
            .Sum(bank =>
                (long)shape.Bank(bank).KvHeads * policy.Format.KeyBytes(shape.Bank(bank).HeadDim)
            );

    private sealed class FailingSealer : IKvSealer
    {
        public void SealKeys(
            KvCell cell,
            uint valid,
            NativeSpan<float> keys,
            NativeSpan<byte> page
        ) => throw new TimeoutException();

        public void SealValues(
            KvCell cell,
            uint valid,
            NativeSpan<float> values,
            NativeSpan<byte> page
        ) => throw new TimeoutException();
    }
}
