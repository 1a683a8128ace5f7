using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Puna.EndToEnd.Tests;

/// <summary>
/// Which namespaces of an assembly use which others of it, read from its metadata: base types, interfaces, fields,
/// signatures, locals, and every type, field and method that the code of a method names.
/// </summary>
internal sealed class AssemblyArrows
{
    private static readonly Dictionary<int, OperandType> s_operands = typeof(OpCodes)
        .GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (int)(ushort)code.Value, code => code.OperandType);

    private readonly PEReader _image;
    private readonly MetadataReader _reader;
    private readonly Dictionary<(string From, string To), string> _arrows = [];

    private AssemblyArrows(PEReader image)
    {
        _image = image;
        _reader = image.GetMetadataReader();
    }

    /// <summary>The arrows of an assembly, each with one example of who uses what.</summary>
    public static IReadOnlyDictionary<(string From, string To), string> Of(string path)
    {
        using var stream = File.OpenRead(path);
        using var image = new PEReader(stream);
        var arrows = new AssemblyArrows(image);
        foreach (var handle in arrows._reader.TypeDefinitions)
        {
            arrows.Read(handle);
        }

        return arrows._arrows;
    }

    private void Read(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        var used = new HashSet<TypeDefinitionHandle>();
        var types = new TypeCollector(_reader, used);
        Entity(type.BaseType, types);
        foreach (var implemented in type.GetInterfaceImplementations())
        {
            Entity(_reader.GetInterfaceImplementation(implemented).Interface, types);
        }

        foreach (var parameter in type.GetGenericParameters())
        {
            Constraints(parameter, types);
        }

        foreach (var field in type.GetFields())
        {
            _reader.GetFieldDefinition(field).DecodeSignature(types, null);
        }

        foreach (var method in type.GetMethods())
        {
            Read(_reader.GetMethodDefinition(method), types);
        }

        var from = Outermost(handle);
        foreach (var target in used)
        {
            Add(from, Outermost(target));
        }
    }

    private void Read(MethodDefinition method, TypeCollector types)
    {
        method.DecodeSignature(types, null);
        foreach (var parameter in method.GetGenericParameters())
        {
            Constraints(parameter, types);
        }

        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        var body = _image.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(types, null);
        }

        var code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            int value = code.ReadByte();
            value = value == 0xFE ? (value << 8) | code.ReadByte() : value;
            switch (s_operands[value])
            {
                case OperandType.InlineMethod:
                case OperandType.InlineField:
                case OperandType.InlineType:
                case OperandType.InlineTok:
                    Entity((EntityHandle)MetadataTokens.Handle(code.ReadInt32()), types);
                    break;
                case OperandType.InlineSwitch:
                    var cases = code.ReadInt32();
                    code.Offset += 4 * cases;
                    break;
                case OperandType.InlineI8:
                case OperandType.InlineR:
                    code.Offset += 8;
                    break;
                case OperandType.InlineVar:
                    code.Offset += 2;
                    break;
                case OperandType.ShortInlineBrTarget:
                case OperandType.ShortInlineI:
                case OperandType.ShortInlineVar:
                    code.Offset += 1;
                    break;
                case OperandType.InlineNone:
                    break;
                default:
                    code.Offset += 4;
                    break;
            }
        }
    }

    private void Constraints(GenericParameterHandle parameter, TypeCollector types)
    {
        foreach (var constraint in _reader.GetGenericParameter(parameter).GetConstraints())
        {
            Entity(_reader.GetGenericParameterConstraint(constraint).Type, types);
        }
    }

    private void Entity(EntityHandle handle, TypeCollector types)
    {
        // An interface has no base type.
        switch (handle.IsNil ? HandleKind.ModuleDefinition : handle.Kind)
        {
            case HandleKind.TypeDefinition:
                types.Add((TypeDefinitionHandle)handle);
                break;
            case HandleKind.TypeSpecification:
                _reader
                    .GetTypeSpecification((TypeSpecificationHandle)handle)
                    .DecodeSignature(types, null);
                break;
            case HandleKind.FieldDefinition:
                types.Add(
                    _reader.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType()
                );
                break;
            case HandleKind.MethodDefinition:
                types.Add(
                    _reader.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType()
                );
                break;
            case HandleKind.MemberReference:
                Entity(_reader.GetMemberReference((MemberReferenceHandle)handle).Parent, types);
                break;
            case HandleKind.MethodSpecification:
                var method = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                method.DecodeSignature(types, null);
                Entity(method.Method, types);
                break;
        }
    }

    private TypeDefinition Outermost(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        while (type.GetDeclaringType() is { IsNil: false } outer)
        {
            type = _reader.GetTypeDefinition(outer);
        }

        return type;
    }

    private void Add(TypeDefinition from, TypeDefinition to)
    {
        var (source, target) = (_reader.GetString(from.Namespace), _reader.GetString(to.Namespace));

        // What the compiler makes lies in no folder.
        if (
            source.StartsWith("Puna.", StringComparison.Ordinal)
            && target.StartsWith("Puna.", StringComparison.Ordinal)
            && source != target
        )
        {
            _arrows.TryAdd(
                (source, target),
                $"{_reader.GetString(from.Name)} uses {_reader.GetString(to.Name)}"
            );
        }
    }

    /// <summary>Collects the types of this assembly that a signature names.</summary>
    private sealed class TypeCollector(MetadataReader reader, HashSet<TypeDefinitionHandle> used)
        : ISignatureTypeProvider<bool, object?>
    {
        public void Add(TypeDefinitionHandle handle) => used.Add(handle);

        public bool GetTypeFromDefinition(
            MetadataReader metadata,
            TypeDefinitionHandle handle,
            byte rawTypeKind
        ) => used.Add(handle);

        public bool GetTypeFromSpecification(
            MetadataReader metadata,
            object? context,
            TypeSpecificationHandle handle,
            byte rawTypeKind
        ) => reader.GetTypeSpecification(handle).DecodeSignature(this, context);

        public bool GetArrayType(bool elementType, ArrayShape shape) => true;

        public bool GetByReferenceType(bool elementType) => true;

        public bool GetFunctionPointerType(MethodSignature<bool> signature) => true;

        public bool GetGenericInstantiation(bool type, ImmutableArray<bool> arguments) => true;

        public bool GetGenericMethodParameter(object? context, int index) => true;

        public bool GetGenericTypeParameter(object? context, int index) => true;

        public bool GetModifiedType(bool modifier, bool unmodified, bool isRequired) => true;

        public bool GetPinnedType(bool elementType) => true;

        public bool GetPointerType(bool elementType) => true;

        public bool GetPrimitiveType(PrimitiveTypeCode code) => true;

        public bool GetSZArrayType(bool elementType) => true;

        public bool GetTypeFromReference(
            MetadataReader metadata,
            TypeReferenceHandle handle,
            byte rawTypeKind
        ) => true;
    }
}
