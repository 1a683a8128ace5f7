using System.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Text;

/// <summary>
/// The printable characters that byte-level BPE writes bytes as: the printable bytes of Latin-1 stand for themselves,
/// the 68 others for U+0100, U+0101, ... in order of their value.
/// </summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] Characters = BuildCharacters();
    private static readonly short[] Values = BuildValues();

    /// <summary>The character that a byte is written as.</summary>
    public static char Character(byte value) => Characters[value];

    /// <summary>The bytes of a piece; a piece with a character outside the alphabet stands for its own UTF-8.</summary>
    public static byte[] Bytes(string piece)
    {
        var bytes = new byte[piece.Length];
        for (var i = 0; i < piece.Length; i++)
        {
            var value = piece[i] < Values.Length ? Values[piece[i]] : -1;
            if (value < 0)
            {
                return Encoding.UTF8.GetBytes(piece);
            }

            bytes[i] = (byte)value;
        }

        return bytes;
    }

    private static char[] BuildCharacters()
    {
        var characters = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            characters[value] = value
                is (>= '!' and <= '~')
                    or (>= 0xA1 and <= 0xAC)
                    or (>= 0xAE and <= 0xFF)
                ? (char)value
                : (char)next++;
        }

        return characters;
    }

    private static short[] BuildValues()
    {
        var values = new short[256 + 68];
        Array.Fill(values, (short)-1);
        for (var value = 0; value < 256; value++)
        {
            values[Characters[value]] = (short)value;
        }

        return values;
    }
}
