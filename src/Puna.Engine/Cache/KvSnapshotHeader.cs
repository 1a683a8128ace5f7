using System.Security.Cryptography;
using System.Text;
using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// The part of a snapshot before its blocks: identity (the salt as SHA-256 only), KV shape, lengths, token ids and
/// tables. Numbers are little-endian, texts are UTF-8 behind their length in bytes.
/// </summary>
internal sealed class KvSnapshotHeader
{
    public required KvIdentity Identity { get; init; }

    public required byte[] SaltHash { get; init; }

    public required KvCacheShape Shape { get; init; }

    /// <summary>The ids of the formats of each sealed form, see <see cref="KvForm.Describe"/>.</summary>
    public required string[] Forms { get; init; }

    public required int LogicalLength { get; init; }

    public required int[] Tokens { get; init; }

    /// <summary>What each stage of the policy remembered; empty where it remembers nothing.</summary>
    public required byte[][] States { get; init; }

    public required KvSnapshotLane[] Lanes { get; init; }

    public static byte[] HashSalt(string salt) => SHA256.HashData(Encoding.UTF8.GetBytes(salt));

    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        WriteText(writer, Identity.Model);
        WriteText(writer, Identity.Adapter);
        WriteText(writer, Identity.Rope);
        WriteText(writer, Identity.Policy);
        writer.Write(SaltHash);
        writer.Write(Shape.Banks);
        for (var bank = 0; bank < Shape.Banks; bank++)
        {
            writer.Write(Shape.Bank(bank).KvHeads);
            writer.Write(Shape.Bank(bank).HeadDim);
            writer.Write(Shape.Bank(bank).Window);
            WriteText(writer, Shape.Formats(bank).Keys.Id);
            WriteText(writer, Shape.Formats(bank).Values.Id);
        }

        writer.Write(Forms.Length);
        foreach (var form in Forms)
        {
            WriteText(writer, form);
        }

        writer.Write(Shape.States.Length);
        foreach (var state in Shape.States)
        {
            writer.Write(state.Layer);
            writer.Write(state.Index);
            writer.Write(state.Floats);
        }

        writer.Write(LogicalLength);
        writer.Write(Tokens.Length);
        foreach (var token in Tokens)
        {
            writer.Write(token);
        }

        writer.Write(States.Length);
        foreach (var state in States)
        {
            writer.Write(state.Length);
            writer.Write(state);
        }

        writer.Write(Lanes.Length);
        foreach (var lane in Lanes)
        {
            lane.Write(writer);
        }

        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The header.</param>
    /// <param name="current">The cache's own shape: formats that it uses are known by their ids, as the built-in ones are.</param>
    /// <exception cref="InputException">It contradicts itself.</exception>
    public static KvSnapshotHeader Read(ReadOnlySpan<byte> bytes, KvCacheShape current)
    {
        var cursor = new SnapshotCursor(bytes);
        var identity = new KvIdentity(
            cursor.Text(),
            cursor.Text(),
            cursor.Text(),
            cursor.Text(),
            Salt: ""
        );
        var saltHash = cursor.Bytes(SHA256.HashSizeInBytes).ToArray();
        var banks = new KvBankShape[cursor.Count(5 * sizeof(int))];
        var formats = new KvFormatPair[banks.Length];
        for (var bank = 0; bank < banks.Length; bank++)
        {
            banks[bank] = new KvBankShape(cursor.Int32(), cursor.Int32(), cursor.Int32());
            formats[bank] = new KvFormatPair(
                Format(cursor.Text(), current),
                Format(cursor.Text(), current)
            );
        }

        var forms = new string[cursor.Count(sizeof(int))];
        for (var form = 0; form < forms.Length; form++)
        {
            forms[form] = cursor.Text();
        }

        var fixedStates = new FixedStateShape[cursor.Count(3 * sizeof(int))];
        for (var index = 0; index < fixedStates.Length; index++)
        {
            fixedStates[index] = new FixedStateShape(
                cursor.Int32(),
                cursor.Int32(),
                cursor.Int32()
            );
        }

        var logical = cursor.Int32();
        var tokens = new int[cursor.Count(sizeof(int))];
        for (var index = 0; index < tokens.Length; index++)
        {
            tokens[index] = cursor.Int32();
        }

        var states = new byte[cursor.Count(sizeof(int))][];
        for (var index = 0; index < states.Length; index++)
        {
            states[index] = cursor.Bytes(cursor.Int32()).ToArray();
        }

        var lanes = new KvSnapshotLane[cursor.Count(3 * sizeof(int))];
        for (var lane = 0; lane < lanes.Length; lane++)
        {
            lanes[lane] = KvSnapshotLane.Read(ref cursor);
        }

        cursor.End();
        var header = new KvSnapshotHeader
        {
            Identity = identity,
            SaltHash = saltHash,
            Shape = new KvCacheShape(banks, bank => formats[bank], fixedStates),
            Forms = forms,
            LogicalLength = logical,
            Tokens = tokens,
            States = states,
            Lanes = lanes,
        };
        header.Check();
        return header;
    }

    /// <summary>Checks the stored positions that an entry shows: they must lie before the next position.</summary>
    public void CheckPositions(KvTableEntry entry, ReadOnlySpan<int> positions)
    {
        for (var slot = 0; slot < positions.Length; slot++)
        {
            var position = (long)positions[slot] + entry.Offset;
            if ((entry.Valid >> slot & 1) != 0 && (position < 0 || position >= LogicalLength))
            {
                throw new InputException(
                    $"a block of it holds position {position}, where 0 to {LogicalLength - 1} are possible"
                );
            }
        }
    }

    /// <summary>Requires that what was saved and what is here agree.</summary>
    /// <exception cref="InputException">They do not, or it belongs to someone else.</exception>
    public void CheckIdentity(KvIdentity identity)
    {
        CheckPart("model", Identity.Model, identity.Model);
        CheckPart("adapter", Identity.Adapter, identity.Adapter);
        CheckPart("rotary embedding", Identity.Rope, identity.Rope);
        CheckPart("KV policy", Identity.Policy, identity.Policy);
        if (!SaltHash.AsSpan().SequenceEqual(HashSalt(identity.Salt)))
        {
            throw new InputException("it belongs to another tenant");
        }
    }

    /// <summary>Gives the stages of the policy what they remembered.</summary>
    /// <exception cref="InputException">It cannot be read as that.</exception>
    public void RestoreStates(KvSequence sequence)
    {
        if (States.Length != sequence.States.Length)
        {
            throw new InputException(
                $"it holds what {States.Length} policies remembered, but there are {sequence.States.Length}"
            );
        }

        for (var index = 0; index < States.Length; index++)
        {
            using var reader = new BinaryReader(new MemoryStream(States[index]));
            sequence.States[index]?.Restore(reader);
        }
    }

    private static void CheckPart(string name, string saved, string current)
    {
        if (saved != current)
        {
            throw new InputException(
                $"it was saved with {name} '{saved}', but this is '{current}'"
            );
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var encoded = Encoding.UTF8.GetBytes(text);
        writer.Write(encoded.Length);
        writer.Write(encoded);
    }

    private static KvSlotFormat Format(string id, KvCacheShape current)
    {
        for (var bank = 0; bank < current.Banks; bank++)
        {
            var (keys, values) = current.Formats(bank);
            if (keys.Id == id || values.Id == id)
            {
                return keys.Id == id ? keys : values;
            }
        }

        return KvPageFormats.Find(id)
            ?? throw new InputException(
                $"it names KV format '{PrintableText.Short(id)}', which is unknown"
            );
    }

    private void Check()
    {
        if (LogicalLength is < 0 or > KvSequence.LargestPosition)
        {
            throw new InputException("its length is not possible");
        }

        foreach (var lane in Lanes)
        {
            lane.Check(LogicalLength, 1 + Forms.Length);
        }
    }
}
