using System.Numerics;

namespace Puna.Engine.Cache;

/// <summary>The table of one lane in a snapshot.</summary>
/// <param name="FirstPosition">Positions below this were given up.</param>
/// <param name="Blocks">Blocks in the file.</param>
/// <param name="Entries">The entries; Block is an index into the lane's blocks in the file.</param>
internal sealed record KvSnapshotLane(int FirstPosition, int Blocks, KvTableEntry[] Entries)
{
    // Each distinct offset costs a rotated copy of the queries; no honest file comes near.
    private const int MostOffsets = 1024;

    public void Write(BinaryWriter writer)
    {
        writer.Write(FirstPosition);
        writer.Write(Blocks);
        writer.Write(Entries.Length);
        foreach (var entry in Entries)
        {
            writer.Write(entry.Block);
            writer.Write(entry.Offset);
            writer.Write(entry.Valid);
            writer.Write(entry.Form);
        }
    }

    public static KvSnapshotLane Read(ref SnapshotCursor cursor)
    {
        var (first, blocks) = (cursor.Int32(), cursor.Int32());
        var entries = new KvTableEntry[cursor.Count(4 * sizeof(int))];
        for (var index = 0; index < entries.Length; index++)
        {
            entries[index].Block = cursor.Int32();
            entries[index].Offset = cursor.Int32();
            entries[index].Valid = (uint)cursor.Int32();
            entries[index].Form = cursor.Int32() is var form and >= 0 and < KvTableEntry.MostForms
                ? form
                : throw new InputException("its table is not possible");
        }

        return new KvSnapshotLane(first, blocks, entries);
    }

    /// <summary>The form of each block of the file.</summary>
    public int[] FormsOfBlocks()
    {
        var forms = new int[Blocks];
        foreach (var entry in Entries)
        {
            forms[entry.Block] = entry.Form;
        }

        return forms;
    }

    /// <summary>Checks that the table is possible in a sequence of a length.</summary>
    /// <param name="length">Position of the next token.</param>
    /// <param name="forms">Forms that a block can have, the one that grows included.</param>
    /// <exception cref="InputException">It is not.</exception>
    public void Check(int length, int forms)
    {
        var physical = 0L;
        var seen = new bool[Math.Clamp(Blocks, 0, Entries.Length)];
        var formOf = new int[seen.Length];
        foreach (var entry in Entries)
        {
            if (
                entry.Block < 0
                || entry.Block >= seen.Length
                || entry.Valid == 0
                || entry.Form >= forms
                || (seen[entry.Block] && formOf[entry.Block] != entry.Form)
                || Math.Abs((long)entry.Offset) > KvSequence.LargestPosition
            )
            {
                throw new InputException("its table is not possible");
            }

            physical += BitOperations.PopCount(entry.Valid);
            (seen[entry.Block], formOf[entry.Block]) = (true, entry.Form);
        }

        if (
            Blocks != seen.Length
            || seen.Contains(false)
            || physical > length
            || FirstPosition < 0
            || FirstPosition > length
            || Entries.Select(entry => entry.Offset).Distinct().Take(MostOffsets + 1).Count()
                > MostOffsets
        )
        {
            throw new InputException("its length and its tables do not agree");
        }
    }
}
