using System.Buffers.Binary;
using Puna.Engine.Cache;
using Puna.Kernels.Attention;

namespace Puna.Engine.Tests.Cache;

public sealed class KvSnapshotTests : IDisposable
{
    private const int Mutations = 20_000;
    private static readonly KvIdentity s_identity = CacheFixture.Identity;
    private readonly string _folder = Directory.CreateTempSubdirectory("puna-kv-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("f32", 70)]
    [InlineData("f16", 64)]
    [InlineData("bf16", 33)]
    [InlineData("int8", 31)]
    [InlineData("f16", 1)]
    [InlineData("f16", 0)]
    public void What_is_saved_is_restored_and_goes_on(string id, int count)
    {
        var format = KvPageFormats.Find(id)!;
        using var fixture = new CacheFixture(format, format);
        using var sequence = fixture.Filled(0, count);
        var path = PathOf("a");
        var length = KvSnapshot.Save(sequence, Tokens(0, count), path, s_identity);
        Assert.Equal(new FileInfo(path).Length, length);

        using var other = new CacheFixture(format, format);
        var snapshot = KvSnapshot.Load(other.Cache, path, s_identity, Tokens(0, count + 1));
        using var restored = snapshot.Sequence;
        Assert.Equal(Tokens(0, count), snapshot.Tokens.ToArray());
        Assert.Equal(fixture.Read(sequence), other.Read(restored));
        Assert.Equal(count, restored.LogicalLength);
        fixture.AppendRange(sequence, count, 40);
        other.AppendRange(restored, count, 40);
        Assert.Equal(fixture.Read(sequence), other.Read(restored));
    }

    [Fact]
    public void Offsets_holes_and_split_pages_survive()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 100);
        sequence.Drop(4, 50);
        sequence.Shift(0, 4, 46);
        sequence.Shift(70, 80, 3);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 100), path, s_identity);
        using var other = new CacheFixture();
        using var restored = KvSnapshot.Load(other.Cache, path, s_identity).Sequence;
        Assert.Equal(fixture.Read(sequence), other.Read(restored));
        Assert.Equal((100, 54), (restored.LogicalLength, restored.Lanes[0].PhysicalLength));
        Assert.Equal(sequence.Bytes, restored.Bytes);
        Assert.Equal(sequence.Offsets.ToArray(), restored.Offsets.ToArray());
    }

    [Fact]
    public void A_restored_sequence_feeds_the_prefix_tree()
    {
        using var fixture = new CacheFixture(KvPageFormats.Int8, KvPageFormats.Int8);
        using var sequence = fixture.Filled(0, 70);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 70), path, s_identity);
        using var other = new CacheFixture(KvPageFormats.Int8, KvPageFormats.Int8);
        using var tree = new PrefixTree(other.Cache);
        var snapshot = KvSnapshot.Load(other.Cache, path, s_identity);
        Assert.Equal(64, tree.Publish(s_identity, snapshot.Tokens.Span, snapshot.Sequence));
        snapshot.Sequence.Dispose();
        using var found = tree.Lookup(s_identity, Tokens(0, 70));
        Assert.Equal(fixture.Read(sequence).Take(64), other.Read(found));
    }

    [Fact]
    public void A_prompt_that_parts_from_the_saved_tokens_is_refused_with_the_place()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 40);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 40), path, s_identity);
        int[] prompt = [.. Tokens(0, 20), 777, .. Tokens(21, 30)];
        var fault = Assert.Throws<InputException>(() =>
            KvSnapshot.Load(fixture.Cache, path, s_identity, prompt)
        );
        Assert.Contains(
            "token 20 is 20, but the prompt has 777",
            fault.Message,
            StringComparison.Ordinal
        );
        fault = Assert.Throws<InputException>(() =>
            KvSnapshot.Load(fixture.Cache, path, s_identity, Tokens(0, 39))
        );
        Assert.Contains("the prompt ends before it", fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, fixture.Cache.LiveBlocks);
    }

    [Theory]
    [InlineData("other", "", "theta=10000", "dense", "salt", "model 'model', but this is 'other'")]
    [InlineData("model", "lora", "theta=10000", "dense", "salt", "adapter")]
    [InlineData("model", "", "theta=500000", "dense", "salt", "rotary embedding")]
    [InlineData("model", "", "theta=10000", "streaming", "salt", "KV policy")]
    [InlineData("model", "", "theta=10000", "dense", "pepper", "another tenant")]
    public void Another_identity_is_refused_by_name(
        string model,
        string adapter,
        string rope,
        string policy,
        string salt,
        string expected
    )
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 3);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 3), path, s_identity);
        var other = new KvIdentity(model, adapter, rope, policy, salt);
        var fault = Assert.Throws<InputException>(() =>
            KvSnapshot.Load(fixture.Cache, path, other)
        );
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.False(File.ReadAllBytes(path).AsSpan().IndexOf("salt"u8) >= 0);
    }

    [Fact]
    public void Another_format_or_a_full_cache_is_refused()
    {
        using var fixture = new CacheFixture(KvPageFormats.F16, KvPageFormats.F16);
        using var sequence = fixture.Filled(0, 70);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 70), path, s_identity);
        using var other = new CacheFixture(KvPageFormats.F16, KvPageFormats.BF16);
        var fault = Assert.Throws<InputException>(() =>
            KvSnapshot.Load(other.Cache, path, s_identity)
        );
        Assert.Contains("values F16, but", fault.Message, StringComparison.Ordinal);
        using var small = new CacheFixture(
            KvPageFormats.F16,
            KvPageFormats.F16,
            2 * fixture.Cache.BlockBytes
        );
        Assert.Throws<CacheFullException>(() => KvSnapshot.Load(small.Cache, path, s_identity));
        Assert.Equal(0, small.Cache.LiveBlocks);
    }

    [Fact]
    public void Formats_by_bank_are_saved_by_their_ids()
    {
        var own = new WrappedFormat(KvPageFormats.F16, "own");
        Func<int, KvFormatPair> formatsOf = bank => new KvFormatPair(
            bank == 1 ? own : KvPageFormats.Int8,
            bank == 2 ? own : KvPageFormats.BF16
        );
        using var fixture = new CacheFixture(formatsOf: formatsOf);
        using var sequence = fixture.Filled(0, 70);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 70), path, s_identity);
        using var other = new CacheFixture(formatsOf: formatsOf);
        using var restored = KvSnapshot.Load(other.Cache, path, s_identity).Sequence;
        Assert.Equal(fixture.Read(sequence), other.Read(restored));

        using var without = new CacheFixture(KvPageFormats.Int8, KvPageFormats.BF16);
        var fault = Assert.Throws<InputException>(() =>
            KvSnapshot.Load(without.Cache, path, s_identity)
        );
        Assert.Contains(
            "KV format 'own', which is unknown",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_file_of_an_older_layout_is_refused_by_its_version()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 3);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 3), path, s_identity);
        var bytes = File.ReadAllBytes(path);
        bytes[7] = (byte)'1';
        File.WriteAllBytes(path, bytes);
        var fault = Assert.Throws<InputException>(() =>
            KvSnapshot.Load(fixture.Cache, path, s_identity)
        );
        Assert.Contains("another format version", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_save_keeps_the_older_file_and_leaves_no_other()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 3);
        Assert.Throws<InputException>(() =>
            KvSnapshot.Save(sequence, Tokens(0, 3), Path.Combine(_folder, "no", "a"), s_identity)
        );
        Directory.CreateDirectory(PathOf("folder"));
        Assert.Throws<InputException>(() =>
            KvSnapshot.Save(sequence, Tokens(0, 3), PathOf("folder"), s_identity)
        );
        Assert.Empty(Directory.GetFiles(_folder));
        Assert.Throws<InputException>(() =>
            KvSnapshot.Load(fixture.Cache, PathOf("none"), s_identity)
        );
        Assert.Throws<InputException>(() =>
            KvSnapshot.Load(fixture.Cache, PathOf("folder"), s_identity)
        );
        Assert.Throws<InputException>(() => KvSnapshot.Load(fixture.Cache, "", s_identity));
        fixture.Append(sequence, 3);
        Assert.Throws<InvalidOperationException>(() =>
            KvSnapshot.Save(sequence, Tokens(0, 3), PathOf("a"), s_identity)
        );
    }

    [Fact]
    [Trait("speed", "slow")]
    public void Every_cut_and_every_flipped_bit_is_found()
    {
        using var fixture = new CacheFixture(KvPageFormats.Int8, KvPageFormats.Int8);
        using var sequence = fixture.Filled(0, 70);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 70), path, s_identity);
        var whole = File.ReadAllBytes(path);
        var live = fixture.Cache.LiveBlocks;
        var random = new Random(7);
        for (var trial = 0; trial < Mutations; trial++)
        {
            var bytes = whole.AsSpan().ToArray();
            switch (trial % 3)
            {
                case 0:
                    bytes = bytes[..random.Next(bytes.Length)];
                    break;
                case 1:
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                    break;
                default:
                    // Most of the structure lies in the first bytes.
                    var at = random.Next(Math.Min(bytes.Length, 700));
                    random.NextBytes(bytes.AsSpan(at, Math.Min(4, bytes.Length - at)));
                    break;
            }

            if (bytes.AsSpan().SequenceEqual(whole))
            {
                continue;
            }

            ExpectRefusal(fixture, path, bytes);
        }

        Assert.Equal(live, fixture.Cache.LiveBlocks);
    }

    [Fact]
    [Trait("speed", "slow")]
    public void A_forged_header_with_a_true_checksum_is_refused_or_harmless()
    {
        using var fixture = new CacheFixture(KvPageFormats.F16, KvPageFormats.F16);
        using var sequence = fixture.Filled(0, 70);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 70), path, s_identity);
        var whole = File.ReadAllBytes(path);
        var header = BinaryPrimitives.ReadInt32LittleEndian(whole.AsSpan(8));
        var live = fixture.Cache.LiveBlocks;
        var random = new Random(8);
        int[] nasty = [-1, int.MinValue, int.MaxValue, 0, 1, 1 << 20, 31, 33];
        var refused = 0;
        for (var trial = 0; trial < Mutations; trial++)
        {
            var bytes = whole.AsSpan().ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = 12 + random.Next(header / 4) * 4;
                BinaryPrimitives.WriteInt32LittleEndian(
                    bytes.AsSpan(at),
                    random.Next(2) == 0 ? nasty[random.Next(nasty.Length)] : random.Next()
                );
            }

            BinaryPrimitives.WriteUInt32LittleEndian(
                bytes.AsSpan(12 + header),
                Checksum.Of(bytes.AsSpan(12, header))
            );
            File.WriteAllBytes(path, bytes);
            try
            {
                using var restored = KvSnapshot.Load(fixture.Cache, path, s_identity).Sequence;
                Assert.InRange(restored.Lanes[0].PhysicalLength, 0, 70);
                restored.Pages.List(0, new KvPageRef[2 * restored.Pages.PerHead(0)]);
                restored.Reserve(1);
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.True(refused > Mutations / 3);
        Assert.Equal(live, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void Pages_that_traded_places_are_found()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 64);
        var path = PathOf("a");
        KvSnapshot.Save(sequence, Tokens(0, 64), path, s_identity);
        var bytes = File.ReadAllBytes(path);
        var page = (int)fixture.Cache.BlockBytes + 4;
        var first = bytes[^(2 * page)..^page];
        bytes.AsSpan(bytes.Length - page).CopyTo(bytes.AsSpan(bytes.Length - 2 * page));
        first.CopyTo(bytes.AsSpan(bytes.Length - page));
        ExpectRefusal(fixture, path, bytes);
    }

    [Fact]
    public void The_checksum_is_CRC_32C() =>
        // Check value of the catalogue of parametrised CRC algorithms.
        Assert.Equal(0xE3069283, Checksum.Of("123456789"u8));

    private static void ExpectRefusal(CacheFixture fixture, string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        var fault = Assert.Throws<InputException>(() =>
            KvSnapshot.Load(fixture.Cache, path, s_identity)
        );
        Assert.StartsWith(
            $"The KV snapshot '{path}' cannot be used: ",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    private static int[] Tokens(int first, int count) => [.. Enumerable.Range(first, count)];

    private string PathOf(string name) => Path.Combine(_folder, name);
}
