using System.Buffers.Binary;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>Walks over the fields of one protobuf message. Every length is checked against what is left.</summary>
internal ref struct ProtobufCursor
{
    private readonly string _path;
    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins at the first field.</summary>
    public ProtobufCursor(ReadOnlySpan<byte> message, string path)
    {
        _rest = message;
        _path = path;
    }

    /// <summary>Number of the field that <see cref="Next"/> came to.</summary>
    public int Field { get; private set; }

    /// <summary>Its value when it is a number.</summary>
    public ulong Number { get; private set; }

    /// <summary>Its bytes when it has a length.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Its value as f32, for a field of four bytes.</summary>
    public readonly float Single => BitConverter.UInt32BitsToSingle((uint)Number);

    /// <summary>Goes to the next field; false at the end.</summary>
    /// <exception cref="InputException">The message is cut off or no protobuf.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = Varint();
        Field = (int)Math.Min(tag >> 3, int.MaxValue);
        Number = 0;
        Bytes = default;
        switch (tag & 7)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case 2:
                Bytes = Take(Varint());
                break;
            case 5:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw Damaged($"a field of the unknown wire type {tag & 7}");
        }

        return true;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damaged("a number of more than ten bytes");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw Damaged($"a length of {length} with {_rest.Length} bytes left");
        }

        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private readonly InputException Damaged(string what) =>
        new(
            $"'{_path}' is cut off or no SentencePiece model: it has {what}; a whole .model file is needed."
        );
}
