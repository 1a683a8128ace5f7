using System.Buffers.Binary;
using System.Text;

namespace Puna.Engine.Cache;

/// <summary>Reads a snapshot's header, never past its end and never a count that the rest of it cannot hold.</summary>
internal ref struct SnapshotCursor(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> _rest = bytes;

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > _rest.Length)
        {
            throw new InputException("its header ends too early");
        }

        var result = _rest[..count];
        _rest = _rest[count..];
        return result;
    }

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(sizeof(int)));

    public int Count(int elementBytes)
    {
        var count = Int32();
        if (count < 0 || count > _rest.Length / elementBytes)
        {
            throw new InputException(
                $"its header announces {count} elements in {_rest.Length} bytes"
            );
        }

        return count;
    }

    public string Text()
    {
        try
        {
            return s_strict.GetString(Bytes(Int32()));
        }
        catch (DecoderFallbackException exception)
        {
            throw new InputException("its header holds text that is not UTF-8", exception);
        }
    }

    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw new InputException($"its header has {_rest.Length} bytes too many");
        }
    }
}
